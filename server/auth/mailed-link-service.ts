// Forgotten passwords, invitations and new e-mail addresses: what a person does by a link that was mailed to them. Not the mails
// themselves (mailed-link-tasks.ts).
import type {
  acceptInvitation,
  Body,
  changeMyEmail,
  confirmEmail,
  forgotPassword,
  resetPassword,
} from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { lockAccount } from '../credentials/access-repository.ts'
import { hashPassword } from '../credentials/password-hashing.ts'
import { weaknessOf } from '../credentials/password-rules.ts'
import { hashSecret } from '../credentials/secrets.ts'
import { auditing } from '../db/audit.ts'
import { violatedKey } from '../db/database.ts'
import { attempt, inTransaction } from '../db/transaction.ts'
import { badRequest, conflict, invalid } from '../errors.ts'
import { ownUserId } from '../users/index.ts'
import type { Caller } from './caller.ts'
import * as repository from './mailed-link-repository.ts'
import { countAttempt, forgetAttemptsForName } from './sign-in-limits.ts'
import { forgottenPasswordLimits, mailedLinkLimits, newAddressLimits } from './sign-in-rules.ts'

/** Does and answers the same whoever has this address, or nobody: that is looked up later, by a job. */
export async function forgot(
  ctx: Context,
  { email }: Body<typeof forgotPassword>,
  caller: Caller,
): Promise<object> {
  await countAttempt(ctx, { ...caller, username: email }, forgottenPasswordLimits)
  await repository.enqueueForgottenPassword.all(ctx.db, { email })
  return {}
}

/** Throws one and the same 400 for every link that does not work. */
export async function reset(ctx: Context, body: Body<typeof resetPassword>, caller: Caller): Promise<void> {
  const username = await choosePassword(ctx, 'password_reset', body, caller)
  if (username !== null) await forgetAttemptsForName(ctx, { username, address: caller.address })
}

/** Throws one and the same 400 for every link that does not work. */
export async function accept(
  ctx: Context,
  body: Body<typeof acceptInvitation>,
  caller: Caller,
): Promise<void> {
  await choosePassword(ctx, 'invitation', body, caller)
}

const choosing = { invitation: repository.acceptInvitation, password_reset: repository.resetPassword }

/** Answers the name that the password is for. One that is refused leaves the link as it was. */
async function choosePassword(
  ctx: Context,
  purpose: keyof typeof choosing,
  { token, password }: { readonly token: string; readonly password: string },
  caller: Caller,
): Promise<string | null> {
  const { username, ...link } = await linkOf(ctx, purpose, token, caller)
  const weakness = await weaknessOf(password, { username, minLength: ctx.config.passwordMinLength })
  if (weakness) throw invalid([{ in: 'body', pointer: '/password', detail: weakness }])
  const values = { ...link, password_hash: await hashPassword(password) }
  const done = await inTransaction(ctx, async (ctx) => {
    await lockAccount.all(ctx.db, { id: link.user_id })
    return choosing[purpose].first(ctx.db, values)
  })
  if (!done) throw doesNotWork()
  return username
}

/** Before an address is changed, and outside of that transaction: the try counts also when all else is undone. */
export function countEmailChange(
  ctx: Context,
  { email }: Body<typeof changeMyEmail>,
  caller: Caller,
): Promise<void> {
  return countAttempt(ctx, { ...caller, username: email }, newAddressLimits)
}

/** Nothing changes until the link in the mail to the new address is followed. */
export async function changeEmail(
  ctx: Context,
  actor: Actor,
  { email }: Body<typeof changeMyEmail>,
): Promise<object> {
  await repository.enqueueEmailChange.all(ctx.db, { user_id: ownUserId(actor), email })
  return {}
}

/**
 * Throws one and the same 400 for every link that does not work, for this caller. Whoever signed up with somebody else's address
 * knows the password, and that somebody has the link: only who has both is the user.
 */
export async function confirm(
  ctx: Context,
  actor: Actor,
  { token }: Body<typeof confirmEmail>,
  caller: Caller,
): Promise<void> {
  const { username: _, ...link } = await linkOf(ctx, 'email_change', token, caller)
  if (link.user_id !== ownUserId(actor)) throw doesNotWork()
  try {
    if (await attempt(ctx, (ctx) => repository.confirmEmail.first(ctx.db, link))) return
  } catch (error) {
    if (violatedKey(error) !== 'users_email_key') throw error
    throw conflict('email_taken', 'Another user has got this e-mail address meanwhile.')
  }
  throw doesNotWork()
}

/** What a link stands for, if it works now; counted, since looking costs something. */
async function linkOf(ctx: Context, purpose: repository.Purpose, token: string, caller: Caller) {
  await countAttempt(ctx, { ...caller, username: '' }, mailedLinkLimits)
  const secret_hash = hashSecret(token)
  const link = await repository.findMailedLink.first(ctx.db, { purpose, secret_hash })
  if (!link) throw doesNotWork()
  const { user_id, role, username } = link
  return { user_id, username, secret_hash, ...auditing({ user_id, role, request_id: caller.request_id }) }
}

const doesNotWork = () => badRequest('link_does_not_work', 'This link is used up, too old or unknown.')
