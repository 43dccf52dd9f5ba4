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
import type { Allowance } from '../rate-limit-allowance.ts'
import { ownUserId } from '../users/index.ts'
import * as credentials from './credential-repository.ts'
import { insertSession } from './session-repository.ts'
import { sessionLimits, shownUserAgent } from './session-rules.ts'
import { countAttempt, forgetAttempts } from './sign-in-limits.ts'
import { knownDeviceLimits, signInLimits } from './sign-in-rules.ts'
import { insertToken } from './token-repository.ts'

interface Caller {
  readonly address: string
  /** The number of a browser in which this very name has signed in before. */
  readonly device?: string | undefined
  /** To be told how many more tries there are. */
  readonly tell: (allowance: Allowance) => void
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
  caller: Caller,
): Promise<SignedIn> {
  const limits = caller.device === undefined ? signInLimits : knownDeviceLimits
  const attempt = { ...caller, username: caller.device ?? username }
  await countAttempt(ctx, attempt, limits)
  const user = await credentials.findCredentials.first(ctx.db, { username })
  const right = await verifyPassword(user?.password_hash, password)
  if (!user || !right) throw wrongCredentials()
  await forgetAttempts(ctx, attempt, limits)
  return { user_id: user.id, role: user.role, password_hash: user.password_hash }
}

const wrongCredentials = () => unauthorized('Username or password is wrong.', 'wrong_credentials')

/** Trades a password for a token. Throws as checkCredentials does. */
export async function signIn(
  ctx: Context,
  body: Body<typeof createToken>,
  caller: Caller & { readonly request_id: string },
): Promise<{ token: string }> {
  const { user_id, role, password_hash } = await checkCredentials(ctx, body, caller)
  const token = newSecret('fdt_')
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
  caller: Caller & { readonly request_id: string },
  browser: Browser,
): Promise<{ secret: string; session: NewSession }> {
  const { user_id, role, password_hash } = await checkCredentials(ctx, body, caller)
  const secret = newSecret('fdb_')
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

/** Shows the password again, for what asks that it was shown lately. */
export async function reauthenticate(
  ctx: Context,
  actor: Actor,
  { password }: Body<typeof reauthenticateMe>,
  right: () => void,
): Promise<void> {
  const id = ownUserId(actor)
  const known = await credentials.findPasswordHash.first(ctx.db, { id })
  if (!known?.password_hash || !(await verifyPassword(known.password_hash, password)))
    throw invalid([{ in: 'body', pointer: '/password', detail: 'is not your password' }])
  right()
  if (!actor.credential) return
  const values = { ...actor.credential, user_id: id, ...auditing(actor) }
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

/** Ends all else that lets the user in. Calls `right` as soon as the current password has proved to be. */
export async function changePassword(
  ctx: Context,
  actor: Actor,
  body: Body<typeof changeMyPassword>,
  right: () => void,
): Promise<void> {
  const id = ownUserId(actor)
  const known = await credentials.findPasswordHash.first(ctx.db, { id })
  if (!known?.password_hash || !(await verifyPassword(known.password_hash, body.current_password)))
    throw wrongPassword()
  right()
  const weakness = await weaknessOf(body.new_password, {
    username: known.username,
    minLength: ctx.config.passwordMinLength,
  })
  if (weakness) throw invalid([{ in: 'body', pointer: '/new_password', detail: weakness }])
  const values = {
    id,
    old_hash: known.password_hash,
    new_hash: await hashPassword(body.new_password),
    kept_type: actor.credential?.type ?? null,
    kept_id: actor.credential?.id ?? null,
  }
  const changed = await inTransaction(ctx, async (ctx) => {
    await lockAccount.all(ctx.db, { id })
    return credentials.changePassword.first(ctx.db, { ...values, ...auditing(actor) })
  })
  // Somebody changed it while we were hashing: what was checked is the current one no more.
  if (!changed) throw wrongPassword()
}

const wrongPassword = () =>
  invalid([{ in: 'body', pointer: '/current_password', detail: 'is not your current password' }])
