// Trading a password for a token, and changing the password.
import type { Body, changeMyPassword, createToken } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import { inTransaction } from '../db/transaction.ts'
import { invalid, unauthorized } from '../errors.ts'
import type { Allowance } from '../rate-limit-allowance.ts'
import { ownUserId } from '../users/index.ts'
import * as credentials from './credential-repository.ts'
import { hashPassword, verifyPassword } from './password-hashing.ts'
import { weaknessOf } from './password-rules.ts'
import { hashSecret, newSecret } from './secrets.ts'
import { countAttempt, forgetAttempts } from './sign-in-limits.ts'
import { insertToken } from './token-repository.ts'

interface Caller {
  readonly address: string
  /** To be told how many more tries there are. */
  readonly tell: (allowance: Allowance) => void
}

/** Answers the same, and takes the same time, whether the name is unknown, has no login, is disabled, or the password is wrong. */
export async function signIn(
  ctx: Context,
  { username, password }: Body<typeof createToken>,
  caller: Caller & { readonly request_id: string },
): Promise<{ token: string }> {
  const attempt = { ...caller, username }
  await countAttempt(ctx, attempt)
  const user = await credentials.findCredentials.first(ctx.db, { username })
  const right = await verifyPassword(user?.password_hash, password)
  if (!user || !right) throw unauthorized('Username or password is wrong.', 'wrong_credentials')
  await forgetAttempts(ctx, attempt)

  const token = newSecret('fdt_')
  const made = await insertToken.first(ctx.db, {
    user_id: user.id,
    password_hash: user.password_hash,
    secret_hash: hashSecret(token),
    lifetime_seconds: ctx.config.tokenLifetimeSeconds,
    ...auditing({ user_id: user.id, role: user.role, request_id: caller.request_id }),
  })
  if (!made) throw unauthorized('Username or password is wrong.', 'wrong_credentials')
  return { token }
}

/** Before a password is changed, and outside of that transaction: the try counts also when all else is undone. */
export function countPasswordTry(ctx: Context, actor: Actor, caller: Caller): Promise<void> {
  return countAttempt(ctx, passwordTry(actor, caller))
}

const passwordTry = (actor: Actor, caller: Caller) => ({
  ...caller,
  username: `user ${ownUserId(actor)} changing the password`,
})

/** After a right password, whatever came of the new one. */
export function forgetPasswordTries(ctx: Context, actor: Actor, caller: Caller): Promise<void> {
  return forgetAttempts(ctx, passwordTry(actor, caller))
}

/** Ends every other token of the user. Calls `right` as soon as the current password has proved to be. */
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
    kept_token_id: actor.token_id,
  }
  const changed = await inTransaction(ctx, async (ctx) => {
    await credentials.lockAccount.all(ctx.db, { id })
    return credentials.changePassword.first(ctx.db, { ...values, ...auditing(actor) })
  })
  // Somebody changed it while we were hashing: what was checked is the current one no more.
  if (!changed) throw wrongPassword()
}

const wrongPassword = () =>
  invalid([{ in: 'body', pointer: '/current_password', detail: 'is not your current password' }])
