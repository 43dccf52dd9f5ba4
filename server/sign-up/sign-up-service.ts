// Signing up. It tells nobody whether an e-mail address is known: a user is made without one, and gets it by the link that is mailed.
import { type Account, type Body, getMe, getUser, linkTo, type signUp } from '../../contract/index.ts'
import { type Caller, countAttempt, signUpLimits } from '../auth/index.ts'
import type { Actor, Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import { violatedKey } from '../db/database.ts'
import { attempt } from '../db/transaction.ts'
import { conflict, forbidden } from '../errors.ts'
import { users } from '../users/index.ts'
import * as repository from './sign-up-repository.ts'
import { isForColleague, mayMakeUsers, tidyName } from './sign-up-rules.ts'

type Given = Body<typeof signUp>

/** Throws a 403 where people are not to sign up by themselves (SIGN_UP=off). */
export function refuseWhereClosed(ctx: Context, actor: Actor | undefined): void {
  if (!ctx.config.signUp && !mayMakeUsers(actor))
    throw forbidden('Nobody signs up here by themselves; ask the shop for an account.')
}

/** Throws a 403 for who may not make colleagues, and a 429 once there were too many tries. `recentActor` throws a 401. */
export async function judge(
  ctx: Context,
  actor: Actor | undefined,
  body: Given,
  { caller, recentActor }: { caller: Caller; recentActor: () => Promise<Actor | undefined> },
): Promise<void> {
  if (isForColleague(body) && !(mayMakeUsers(actor) && mayMakeUsers(await recentActor())))
    throw forbidden('Only an admin makes a colleague (`is_customer_service`).')
  if (!mayMakeUsers(actor)) await countAttempt(ctx, { ...caller, username: body.email }, signUpLimits)
}

/** The hash of the password. It takes a while, and no connection to the database. */
export async function passwordOf(ctx: Context, { username, password }: Given): Promise<string> {
  return users.passwordHashOf(ctx, { username, password })
}

interface SigningUp {
  readonly actor: Actor | undefined
  readonly request_id: string
  readonly password_hash: string
}

export interface SignedUp {
  readonly account: Account
  /** Where whoever called reads the user. */
  readonly location: string
}

/** After `judge`. */
export async function create(
  ctx: Context,
  { username, email, ...given }: Given,
  { actor, request_id, password_hash }: SigningUp,
): Promise<SignedUp> {
  const names = { first_name: tidyName(given.first_name), last_name: tidyName(given.last_name) }
  const account = { username, ...names, email, is_customer_service: isForColleague(given) }
  // A colleague must be told from the others in a list.
  const called = names.first_name || names.last_name ? names : { ...names, first_name: username }
  const by = actor?.user_id ? actor : { user_id: null, role: 'customer', request_id }
  const { id } =
    actor && account.is_customer_service
      ? await users.create(ctx, actor, { username, ...called, email, role: 'operator' }, password_hash)
      : await insert(ctx, { username, ...names, email, password_hash, ...auditing(by) })
  const { href } = linkTo(mayMakeUsers(actor) ? { to: getUser, params: { id } } : { to: getMe })
  return { account, location: href }
}

async function insert(ctx: Context, values: Parameters<typeof repository.insertPortalLogin.first>[1]) {
  try {
    const [created] = await attempt(ctx, (ctx) => repository.insertPortalLogin.all(ctx.db, values))
    return created as { id: number }
  } catch (error) {
    if (violatedKey(error) !== 'users_username_key') throw error
    throw conflict('username_taken', `Another user has the username ${values.username}.`)
  }
}
