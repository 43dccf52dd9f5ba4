// Trading a password for a token or a session, showing it again, and changing it.
import type {
  Body,
  changeMyPassword,
  createSession,
  createToken,
  NewSession,
  reauthenticateMe,
  Role,
} from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { lockAccount } from '../credentials/access-repository.ts'
import { hashPassword, verifyPassword } from '../credentials/password-hashing.ts'
import { weaknessOf } from '../credentials/password-rules.ts'
import { hashSecret, newSecret } from '../credentials/secrets.ts'
import { auditing } from '../db/audit.ts'
import { inTransaction } from '../db/transaction.ts'
import { invalid, unauthorized } from '../errors.ts'
import { ownUserId } from '../users/index.ts'
import type { Caller } from './caller.ts'
import * as credentials from './credential-repository.ts'
import { insertSession } from './session-repository.ts'
import { sessionLimits, shownUserAgent } from './session-rules.ts'
import { countAttempt, forgetAttempts } from './sign-in-limits.ts'
import { allKnownDevicesLimits, knownDeviceLimits, signInLimits, type TryLimits } from './sign-in-rules.ts'
import { insertToken } from './token-repository.ts'

/** How a try is counted: for whoever it comes from, or for a browser in which this very name has signed in before. */
interface Trying extends Omit<Caller, 'request_id'> {
  readonly device?: string | undefined
}

interface SignedIn {
  readonly user_id: number
  readonly role: Role
  /** To be checked again by what makes use of it. */
  readonly password_hash: string
}

/**
 * Whose name and password these are, held to the limits on trying. Throws the same 401, after the same time, whether the name is
 * unknown, has no login, is disabled, or the password is wrong.
 */
export async function checkCredentials(
  ctx: Context,
  { username, password }: Body<typeof createToken>,
  caller: Trying,
): Promise<SignedIn> {
  const counts = countsOf(username, caller)
  for (const [attempt, limits] of counts) await countAttempt(ctx, attempt, limits)
  const user = await credentials.findCredentials.first(ctx.db, { username })
  const right = await verifyPassword(user?.password_hash, password)
  if (!user || !right) throw wrongCredentials()
  for (const [attempt, limits] of counts) await forgetAttempts(ctx, attempt, limits)
  return { user_id: user.id, role: user.role, password_hash: user.password_hash }
}

/** What a try is counted by. The one that is told is the last. */
function countsOf(username: string, caller: Trying): [Parameters<typeof countAttempt>[1], TryLimits][] {
  if (caller.device === undefined) return [[{ ...caller, username }, signInLimits]]
  return [
    [{ address: caller.address, username }, allKnownDevicesLimits],
    [{ ...caller, username: caller.device }, knownDeviceLimits],
  ]
}

const wrongCredentials = () => unauthorized('Username or password is wrong.', 'wrong_credentials')

/** Trades a password for a token. Throws as checkCredentials does. */
export async function signIn(
  ctx: Context,
  body: Body<typeof createToken>,
  caller: Caller,
): Promise<{ token: string }> {
  const { user_id, role, password_hash } = await checkCredentials(ctx, body, caller)
  const token = newSecret('token')
  const made = await insertToken.first(ctx.db, {
    user_id,
    password_hash,
    secret_hash: hashSecret(token),
    lifetime_seconds: ctx.config.tokenLifetimeSeconds,
    ...auditing({ user_id, role, request_id: caller.request_id }),
  })
  if (!made) throw wrongCredentials()
  return { token }
}

interface Browser {
  readonly user_agent: string | undefined
  /** What its cookie holds by now; that session ends. */
  readonly secret: string | undefined
}

/** Signs a browser in, by a session that is always a new one (session fixation). Throws as checkCredentials does. */
export async function signInBrowser(
  ctx: Context,
  body: Body<typeof createSession>,
  caller: Caller & Trying,
  browser: Browser,
): Promise<{ secret: string; session: NewSession }> {
  const { user_id, role, password_hash } = await checkCredentials(ctx, body, caller)
  const secret = newSecret('session')
  const made = await insertSession.first(ctx.db, {
    user_id,
    password_hash,
    secret_hash: hashSecret(secret),
    replaced_hash: browser.secret === undefined ? null : hashSecret(browser.secret),
    lifetime_seconds: sessionLimits.absolute,
    user_agent: shownUserAgent(browser.user_agent),
    address: caller.address,
    ...auditing({ user_id, role, request_id: caller.request_id }),
  })
  if (!made) throw wrongCredentials()
  return { secret, session: { user_id, role, expires_at: made.expires_at } }
}

/** The caller's own password hash, once they have shown the password. Throws a 422 that points at the field. */
async function shownPassword(
  ctx: Context,
  id: number,
  { password, pointer }: { readonly password: string; readonly pointer: string },
): Promise<{ readonly username: string | null; readonly hash: string }> {
  const known = await credentials.findPasswordHash.first(ctx.db, { id })
  if (!known?.password_hash || !(await verifyPassword(known.password_hash, password)))
    throw wrongPassword(pointer)
  return { username: known.username, hash: known.password_hash }
}

/** Throws a 422 for a wrong password. */
export async function showPassword(
  ctx: Context,
  actor: Actor,
  { password }: Body<typeof reauthenticateMe>,
): Promise<void> {
  await shownPassword(ctx, ownUserId(actor), { password, pointer: '/password' })
}

/** After showPassword, for what asks that it was shown lately. */
export async function noteReauthenticated(ctx: Context, actor: Actor): Promise<void> {
  if (!actor.credential) return
  const values = { ...actor.credential, user_id: ownUserId(actor), ...auditing(actor) }
  await credentials.noteAuthenticated.all(ctx.db, values)
}

/** Before a password that is shown again is looked at, and outside of that transaction: the try counts also when all else is undone. */
export function countPasswordTry(ctx: Context, actor: Actor, caller: Caller): Promise<void> {
  return countAttempt(ctx, passwordTry(actor, caller))
}

const passwordTry = (actor: Actor, caller: Caller) => ({
  ...caller,
  username: `user ${ownUserId(actor)} showing the password`,
})

/** After a right password, whatever came of the new one. */
export function forgetPasswordTries(ctx: Context, actor: Actor, caller: Caller): Promise<void> {
  return forgetAttempts(ctx, passwordTry(actor, caller))
}

export interface NewPassword {
  /** Of the password that was shown. */
  readonly old_hash: string
  readonly new_hash: string
}

/** Checks the one and hashes the other. Calls `right` as soon as the current password has proved to be. */
export async function newPasswordOf(
  ctx: Context,
  actor: Actor,
  { current_password: password, new_password }: Body<typeof changeMyPassword>,
  right: () => void,
): Promise<NewPassword> {
  const shown = await shownPassword(ctx, ownUserId(actor), { password, pointer: '/current_password' })
  right()
  const minLength = ctx.config.passwordMinLength
  const weakness = await weaknessOf(new_password, { username: shown.username, minLength })
  if (weakness) throw invalid([{ in: 'body', pointer: '/new_password', detail: weakness }])
  return { old_hash: shown.hash, new_hash: await hashPassword(new_password) }
}

/** Ends all else that lets the user in. */
export async function changePassword(ctx: Context, actor: Actor, password: NewPassword): Promise<void> {
  const id = ownUserId(actor)
  const { type = null, id: kept_id = null } = actor.credential ?? {}
  const values = { id, ...password, kept_type: type, kept_id, ...auditing(actor) }
  const changed = await inTransaction(ctx, async (ctx) => {
    await lockAccount.all(ctx.db, { id })
    return credentials.changePassword.first(ctx.db, values)
  })
  // Somebody changed it while we were hashing: what was checked is the current one no more.
  if (!changed) throw wrongPassword('/current_password')
}

const wrongPassword = (pointer: string) =>
  invalid([{ in: 'body', pointer, detail: 'is not your current password' }])
