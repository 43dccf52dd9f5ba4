// Users as admins administer them. Not one's own account, nor how one proves to be a user.
import type { Body, createUser, listUsers, Query, Role, updateUser, User } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { endAccess, lockAccount } from '../credentials/access-repository.ts'
import { hashPassword } from '../credentials/password-hashing.ts'
import { weaknessOf } from '../credentials/password-rules.ts'
import { auditing } from '../db/audit.ts'
import { violatedKey } from '../db/database.ts'
import type { Page, PageQuery } from '../db/list.ts'
import { searchPattern } from '../db/search.ts'
import { attempt, inTransaction } from '../db/transaction.ts'
import { type AppError, changedMeanwhile, conflict, forbidden, invalid, notFound } from '../errors.ts'
import * as repository from './user-repository.ts'
import { lacking, userMay, userStatesFor } from './user-rules.ts'

/** The hash of a new user's password; null for one who is invited. It takes a while, and no connection to the database. */
export async function firstPasswordOf(
  ctx: Context,
  { username, email = null, password }: Body<typeof createUser>,
): Promise<string | null> {
  if (password !== undefined) return passwordHashOf(ctx, { username, password })
  if (email !== null) return null
  throw wrong('/email', 'is required without a password: the invitation goes there')
}

/** Makes a user who can sign in, or without a password one who is invited. */
export async function create(
  ctx: Context,
  actor: Actor,
  { password: _, ...given }: Body<typeof createUser>,
  password_hash: string | null,
): Promise<User> {
  await refuseClients(ctx, actor, given)
  const user = { email: null, ...tidy(given) }
  return keepingKeys(ctx, null, user, async (ctx) => {
    const [created] = await repository.insertUser.all(ctx.db, { ...user, password_hash, ...auditing(actor) })
    return created as User
  })
}

/** Throws a 422 for a password that is too weak. */
export async function passwordHashOf(
  ctx: Context,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<string> {
  const weakness = await weaknessOf(password, { username, minLength: ctx.config.passwordMinLength })
  if (weakness) throw wrong('/password', weakness)
  return hashPassword(password)
}

/** Answers a disabled user too. */
export async function get(ctx: Context, id: number): Promise<User> {
  const user = await repository.findUser.first(ctx.db, { id })
  if (!user) throw notFound(`There is no user ${id}.`)
  return user
}

export async function list(
  ctx: Context,
  query: Query<typeof listUsers>,
  page: PageQuery,
): Promise<Page<User>> {
  const { username, email, role, status } = query
  const q = query.q === undefined ? undefined : searchPattern(query.q)
  return repository.pageOfUsers(
    ctx.db,
    { username: username?.trim(), email: email?.trim(), role, status, q, person: true },
    page,
  )
}

export async function update(
  ctx: Context,
  actor: Actor,
  id: number,
  body: Body<typeof updateUser>,
): Promise<User> {
  const { role } = body
  if (id === actor.user_id && body.email !== undefined)
    throw conflict(
      'own_email',
      'Your own address changes when you confirm the new one: POST /api/v1/me/email.',
    )
  await refuseClients(ctx, actor, { id, role })
  if (id === actor.user_id && role !== undefined && role !== actor.role)
    throw conflict('own_role', 'Nobody changes their own role; another admin can.')
  const changes = tidy(body)
  const values = {
    id,
    changes: JSON.stringify(changes),
    from: userStatesFor('update'),
    ...auditing(actor),
  }
  const write = async (ctx: Context) => {
    const changed = await repository.updateUser.first(ctx.db, values)
    if (changed) return changed
    throw await whyNot(ctx, id)
  }
  return keepingKeys(ctx, id, changes, (ctx) =>
    role === undefined || role === 'admin' ? write(ctx) : keepingAnAdmin(ctx, id, write),
  )
}

/** Repeating it changes nothing. */
export async function disable(ctx: Context, actor: Actor, id: number): Promise<void> {
  if (id === actor.user_id) throw conflict('own_account', 'Nobody disables themselves; another admin can.')
  await refuseClients(ctx, actor, { id })
  await keepingAnAdmin(ctx, id, async (ctx) => {
    const values = { id, from: userStatesFor('disable'), ...auditing(actor) }
    if (await repository.disableUser.first(ctx.db, values)) return
    const { status } = await get(ctx, id)
    if (status !== 'disabled') throw await whyNot(ctx, id)
  })
}

/** Ends every session, token and grant of a user, who can sign in again. */
export async function signOut(ctx: Context, actor: Actor, id: number): Promise<void> {
  await refuseClients(ctx, actor, { id })
  await get(ctx, id)
  await inTransaction(ctx, async (ctx) => {
    await lockAccount.all(ctx.db, { id })
    await endAccess.all(ctx.db, { id, ...auditing(actor) })
  })
}

/** One who is not disabled is answered as they are. */
export async function enable(ctx: Context, actor: Actor, id: number): Promise<User> {
  await refuseClients(ctx, actor, { id })
  const values = { id, from: userStatesFor('enable'), ...auditing(actor) }
  return (await repository.enableUser.first(ctx.db, values)) ?? get(ctx, id)
}

export async function invite(ctx: Context, actor: Actor, id: number): Promise<User> {
  await refuseClients(ctx, actor, { id })
  const values = { id, from: userStatesFor('invite'), ...auditing(actor) }
  const invited = await repository.inviteUser.first(ctx.db, values)
  if (invited) return invited
  const user = await get(ctx, id)
  if (userMay('invite', user)) throw changedMeanwhile(`User ${id}`)
  if (user.status === 'disabled')
    throw conflict('user_disabled', `User ${id} is disabled; enable them first.`)
  if (user.status === 'active')
    throw conflict('has_password', `User ${id} has a password already; they can ask for a new one by mail.`)
  throw conflict('cannot_be_invited', `User ${id} needs ${lacking(user)} first.`)
}

/** An admin's account is worth everything, more than the scope of a client that acts for one. */
async function refuseClients(
  ctx: Context,
  { scopes }: Actor,
  { id, role }: { readonly id?: number; readonly role?: Role | undefined },
): Promise<void> {
  if (scopes === null) return
  const isAboutAdmins = role === 'admin' || (id !== undefined && (await get(ctx, id)).role === 'admin')
  if (isAboutAdmins)
    throw forbidden('Clients neither make admins nor change them; an admin does so in person.')
}

/** With nobody at this user, and nobody else taking an admin away meanwhile. */
function keepingAnAdmin<T>(ctx: Context, id: number, work: (ctx: Context) => Promise<T>): Promise<T> {
  return inTransaction(ctx, async (ctx) => {
    // In this order, since a call with If-Match holds the user already: in the other, two of them could wait for each other.
    await lockAccount.all(ctx.db, { id })
    await repository.lockAdmins.all(ctx.db, {})
    return work(ctx)
  })
}

/** Why a user whom it concerns was not changed. */
async function whyNot(ctx: Context, id: number): Promise<AppError> {
  const { role, status } = await get(ctx, id)
  return role === 'admin' && status === 'active'
    ? conflict('last_admin', `User ${id} is the last active admin; make another one first.`)
    : changedMeanwhile(`User ${id}`)
}

/** Names without white space around them. */
function tidy<Fields extends { readonly first_name?: string; readonly last_name?: string }>(
  fields: Fields,
): Fields {
  const { first_name, last_name } = fields
  return {
    ...fields,
    ...(first_name === undefined ? {} : { first_name: first_name.trim() }),
    ...(last_name === undefined ? {} : { last_name: last_name.trim() }),
  }
}

const wrong = (pointer: string, detail: string) => invalid([{ in: 'body', pointer, detail }])

/** Runs a write, and where a unique key stops it, says which, and whose it is. */
async function keepingKeys<T>(
  ctx: Context,
  id: number | null,
  keys: { readonly username?: string; readonly email?: string | null },
  write: (ctx: Context) => Promise<T>,
): Promise<T> {
  try {
    return await attempt(ctx, write)
  } catch (error) {
    const key = violatedKey(error)
    if (key !== 'users_username_key' && key !== 'users_email_key') throw error
    const byName = key === 'users_username_key'
    const holder = await repository.findKeyHolder.first(ctx.db, {
      username: byName ? (keys.username ?? null) : null,
      email: byName ? null : (keys.email ?? null),
      except: id,
    })
    throw conflict(
      byName ? 'username_taken' : 'email_taken',
      byName
        ? `Another user has the username ${keys.username}.`
        : `Another user has the e-mail address ${keys.email}.`,
      holder && `/api/v1/users/${holder.id}`,
    )
  }
}
