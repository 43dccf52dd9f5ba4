// The first admin: from the environment, by a link that works once, or by the command line. There is no default account.
import type { Body, Me, setUp } from '../../contract/index.ts'
import type { Context } from '../context.ts'
import { violatedKey } from '../db/database.ts'
import { inTransaction } from '../db/transaction.ts'
import { type AppError, badRequest, conflict, invalid, notFound } from '../errors.ts'
import * as repository from './first-admin-repository.ts'
import { hashPassword } from '../credentials/password-hashing.ts'
import { weaknessOf } from '../credentials/password-rules.ts'
import { hashSecret, newSecret } from '../credentials/secrets.ts'

export type FirstAdmin =
  | { readonly from: 'before' }
  | { readonly from: 'environment'; readonly username: string }
  | { readonly from: 'link'; readonly link: string; readonly minutes: number }

const linkMinutes = 30

/** Makes the admin that the environment names, or a fresh link, while there is none; two instances starting together make one. */
export async function prepareFirstAdmin(ctx: Context): Promise<FirstAdmin> {
  if ((await repository.hasAdmin.first(ctx.db, {}))?.found) return { from: 'before' }
  const { adminUsername: username, adminPassword: password } = ctx.config
  const admin =
    password === undefined ? undefined : await adminFrom(ctx, username, password, inWords('ADMIN_PASSWORD'))
  return inTransaction(ctx, async (ctx) => {
    await repository.lockFirstAdmin.all(ctx.db, {})
    if ((await repository.hasAdmin.first(ctx.db, {}))?.found) return { from: 'before' }
    if (admin) {
      const values = { ...admin, ...byMachine('environment', 'start') }
      await refusingTakenName(username, () => repository.insertAdmin.all(ctx.db, values))
      return { from: 'environment', username }
    }
    const secret = newSecret('setUp')
    await repository.replaceSetUpToken.all(ctx.db, { secret_hash: hashSecret(secret), minutes: linkMinutes })
    // Behind the #, so that it stays out of logs and of what browsers tell other sites.
    return { from: 'link', link: `${ctx.config.publicUrl}/setup#${secret}`, minutes: linkMinutes }
  })
}

/** Uses the link. Throws the same 404 whether it is unknown, expired, used up, or too late. */
export async function setUpFirstAdmin(
  ctx: Context,
  body: Body<typeof setUp>,
  request_id: string,
): Promise<Me> {
  const secret_hash = hashSecret(body.token)
  if (!(await repository.findSetUpToken.first(ctx.db, { secret_hash }))) throw usedUp()
  const admin = await adminFrom(ctx, body.username, body.password, (weakness) =>
    invalid([{ in: 'body', pointer: '/password', detail: weakness }]),
  )
  const { email = null, first_name = '', last_name = '' } = body
  const person = { email, first_name: first_name.trim(), last_name: last_name.trim() }
  const values = { secret_hash, ...admin, ...person, ...byMachine('setup', request_id) }
  const made = await refusingTakenName(body.username, () => repository.redeemSetUpToken.first(ctx.db, values))
  if (!made) throw usedUp()
  return made
}

/** For whoever holds the machine: `frontdesk admin create`. */
export async function createAdmin(ctx: Context, username: string, password: string): Promise<Me> {
  const admin = await adminFrom(ctx, username, password, inWords('The password'))
  const [made] = await refusingTakenName(username, () =>
    repository.insertAdmin.all(ctx.db, { ...admin, ...byMachine('command line', 'admin create') }),
  )
  return made as Me
}

/** To a person a weak password is named in a sentence; to a program, as a place in its body. */
const inWords = (name: string) => (weakness: string) => badRequest('weak_password', `${name} ${weakness}.`)

async function adminFrom(
  ctx: Context,
  username: string,
  password: string,
  refusal: (weakness: string) => AppError,
) {
  const weakness = await weaknessOf(password, { username, minLength: ctx.config.passwordMinLength })
  if (weakness) throw refusal(weakness)
  return { username, password_hash: await hashPassword(password) }
}

const byMachine = (actor_role: string, request_id: string) => ({ actor_id: null, actor_role, request_id })

const usedUp = () =>
  notFound(
    'This set-up link is used up, too old or unknown. While there is no admin yet, a restart of Frontdesk prints a new one.',
  )

async function refusingTakenName<T>(username: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const key = violatedKey(error)
    if (key === 'users_username_key') throw conflict('username_taken', `There is a user ${username} already.`)
    if (key === 'users_email_key') throw conflict('email_taken', 'Another user has this e-mail address.')
    throw error
  }
}
