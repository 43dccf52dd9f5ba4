// The jobs that mail. Each makes the secret that it mails, and keeps only its hash: tried again, it makes another, and the one
// before works no more.
import { Type } from 'typebox'
import type { Context } from '../context.ts'
import { hashSecret, newSecret } from '../credentials/secrets.ts'
import { queuedTask, type Tasks } from '../jobs/worker.ts'
import * as mails from './mailed-link-mails.ts'
import * as repository from './mailed-link-repository.ts'

const minutes = { invitation: 72 * 60, password_reset: 30, email_change: 30 } as const
const pages = {
  invitation: 'accept-invitation',
  password_reset: 'reset-password',
  email_change: 'confirm-email',
} as const satisfies Record<repository.Purpose, string>

const ofUser = Type.Object({ user_id: Type.Integer() })
const afters = Type.Unsafe<repository.ConfirmedAfter>({ enum: ['signing_up', 'making', 'change'] })
const toAddress = Type.Object({ email: Type.String() })

export function mailedLinkTasks(ctx: Context): Tasks {
  /** Where `mint` finds nobody any more, there is nothing to do. */
  async function mailLink(
    purpose: repository.Purpose,
    mint: (secret: { secret_hash: Buffer; minutes: number }) => Promise<repository.Recipient | undefined>,
    textOf: typeof mails.invitation,
    signal?: AbortSignal,
  ) {
    const secret = newSecret('mailedLink')
    const recipient = await mint({ secret_hash: hashSecret(secret), minutes: minutes[purpose] })
    if (!recipient) return
    // Behind the #, so that it stays out of logs and of what browsers tell other sites.
    const link = `${ctx.config.publicUrl}/${pages[purpose]}#${secret}`
    const { email: to, username } = recipient
    await ctx.mailer.send({ to, ...textOf({ link, username }) }, signal)
  }

  return {
    mail_invitation: queuedTask(ofUser, ({ user_id }, signal) =>
      mailLink(
        'invitation',
        (secret) => repository.mintInvitation.first(ctx.db, { user_id, ...secret }),
        mails.invitation,
        signal,
      ),
    ),
    mail_password_reset: queuedTask(
      Type.Object({ email: Type.String(), asked_at: Type.String() }),
      ({ email, asked_at }, signal) =>
        mailLink(
          'password_reset',
          (secret) => repository.mintPasswordReset.first(ctx.db, { email, asked_at, ...secret }),
          mails.passwordReset,
          signal,
        ),
    ),
    mail_password_reset_notice: queuedTask(ofUser, async ({ user_id }, signal) => {
      const recipient = await repository.findUsername.first(ctx.db, { id: user_id })
      if (!recipient) return
      await ctx.mailer.send({ to: recipient.email, ...mails.passwordResetNotice(recipient) }, signal)
    }),
    mail_email_change: queuedTask(
      Type.Object({
        user_id: Type.Integer(),
        email: Type.String(),
        asked_at: Type.String(),
        // A job that was queued by the version before does not say.
        after: Type.Optional(afters),
      }),
      ({ user_id, email, asked_at, after = 'change' }, signal) =>
        mailLink(
          'email_change',
          (secret) => repository.mintEmailChange.first(ctx.db, { user_id, email, asked_at, ...secret }),
          mails.confirmation[after],
          signal,
        ),
    ),
    mail_email_change_notice: queuedTask(toAddress, ({ email }, signal) =>
      ctx.mailer.send({ to: email, ...mails.emailChangeNotice() }, signal),
    ),
    mail_email_moved_notice: queuedTask(toAddress, ({ email }, signal) =>
      ctx.mailer.send({ to: email, ...mails.emailMovedNotice() }, signal),
    ),
    forget_mailed_links: {
      schedule: '47 * * * *',
      work: () => repository.deletePastMailedLinks(ctx.db),
    },
  }
}
