// The jobs that mail about tickets. Each looks anew at what there is to say, and to whom, in the moment that it says it.
import { Type } from 'typebox'
import type { Context } from '../context.ts'
import { queuedTask, type Tasks } from '../jobs/worker.ts'
import type { Mail } from '../mail/mail.ts'
import { unsubscribeLinks } from './unsubscribe-links.ts'
import * as mails from './mails.ts'
import * as repository from './notification-repository.ts'
import type { Recipient, Side } from './notification-repository.ts'
import { mailNames } from './notification-rules.ts'

const change = { ticket_id: Type.Integer(), version: Type.Integer() }
const sides = Type.Unsafe<Side>({ enum: ['customer', 'operator'] })

/** `secret` signs the links by which mails are stopped. */
export function notificationTasks(ctx: Context, secret: string): Tasks {
  const { linkFor } = unsubscribeLinks(secret, ctx.config.publicUrl)
  const textOf = { customer: mails.repliesToCustomer, operator: mails.repliesToOperator }

  async function send(
    recipient: Recipient,
    id: (names: ReturnType<typeof mailNames>) => string,
    ticket_id: number,
    textFor: (link: string) => Pick<Mail, 'subject' | 'text'>,
    signal?: AbortSignal,
  ) {
    const names = mailNames(ctx.config.publicUrl, ticket_id)
    const link = linkFor(recipient)
    const mail = { to: recipient.email, id: id(names), thread: names.thread, unsubscribe: link }
    await ctx.mailer.send({ ...mail, ...textFor(link) }, signal)
  }

  return {
    mail_replies: queuedTask(Type.Object({ ticket_id: Type.Integer(), side: sides }), async (of, signal) => {
      const { ticket_id, side } = of
      const taken = await repository.takeReplies[side].first(ctx.db, { ticket_id })
      // A mail was begun little ago, here or by another worker.
      if (!taken) return void (await repository.enqueueReplies.all(ctx.db, of))
      const { recipient, posts, count, latest, ...ticket } = taken
      const last = posts?.at(-1)
      if (recipient && posts && last) {
        const about = { ...ticket, ticket_id, posts, more: count - posts.length }
        const text = (link: string) => textOf[side]({ ...about, link })
        try {
          await send(recipient, (names) => names.post(last.id), ticket_id, text, signal)
        } catch (error) {
          await repository.giveBack.all(ctx.db, of)
          throw error
        }
      }
      await repository.noteTold.all(ctx.db, { ...of, latest, mailed: Boolean(recipient && last) })
    }),
    mail_resolution: queuedTask(
      Type.Object({
        ...change,
        closed_at: Type.String(),
        actor_id: Type.Union([Type.Integer(), Type.Null()]),
      }),
      async ({ version, ...of }, signal) => {
        const found = await repository.findResolution.first(ctx.db, of)
        if (!found) return
        const { ticket_id } = of
        const text = (link: string) => mails.resolution({ ...found, ticket_id, link })
        await send(found.recipient, (names) => names.change(version), ticket_id, text, signal)
      },
    ),
    mail_assignment: queuedTask(
      Type.Object({ ...change, operator_id: Type.Integer() }),
      async ({ version, ...of }, signal) => {
        const found = await repository.findAssignment.first(ctx.db, of)
        if (!found) return
        const { ticket_id } = of
        const text = (link: string) => mails.assignment({ ...found, ticket_id, link })
        await send(found.recipient, (names) => names.change(version), ticket_id, text, signal)
      },
    ),
  }
}
