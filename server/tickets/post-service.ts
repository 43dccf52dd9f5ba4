// Threads: replies, notes, and what their authors do with them later.
import {
  type Body,
  type createPost,
  editMinutes,
  type HistoryEntry,
  Post,
  type Ticket,
  type updatePost,
} from '../../contract/index.ts'
import { audit } from '../audit/index.ts'
import type { Actor, Context } from '../context.ts'
import { customerStatesFor, ownRecords } from '../customers/index.ts'
import { auditing } from '../db/audit.ts'
import type { Page, PageQuery } from '../db/list.ts'
import { inTransaction } from '../db/transaction.ts'
import { type AppError, changedMeanwhile, conflict, forbidden, notFound, unauthorized } from '../errors.ts'
import { ownUserId } from '../users/index.ts'
import { attaching, type NewAttachment } from './attachment-repository.ts'
import * as repository from './post-repository.ts'
import * as views from './post-views-repository.ts'
import type { PostRow } from './post-views-repository.ts'
import { isStaff, maySpeak, seenBy } from './ticket-policy.ts'
import { insertFollowUp } from './ticket-repository.ts'
import { reopenDays, ticketMay, ticketStatesFor } from './ticket-rules.ts'
import * as tickets from './ticket-service.ts'
import { findFollowUp } from './ticket-views-repository.ts'

interface Said {
  readonly message: string
  readonly internal: boolean
  readonly attachments: readonly NewAttachment[]
}

/** Writes into a ticket's thread. A customer's answer may bring the ticket back, or open one that follows it. */
export async function create(
  ctx: Context,
  actor: Actor,
  ticket_id: number,
  { message, internal = false }: Body<typeof createPost>,
  attachments: readonly NewAttachment[] = [],
): Promise<PostRow> {
  if (!maySpeak(actor)) throw unauthorized('Customers answer in their own name, so sign in first.')
  if (internal && !isStaff(actor)) throw forbidden('Notes are of the staff, for the staff.')
  // What the staff says by a client that is a customer's would be told to neither side.
  if (!isStaff(actor) && actor.scopes !== null) await ownRecords.refuseStaff(ctx, actor)
  return say(ctx, actor, ticket_id, { message, internal, attachments })
}

async function say(ctx: Context, actor: Actor, ticket_id: number, said: Said): Promise<PostRow> {
  const staff = isStaff(actor)
  const { message, internal, attachments } = said
  const words = { ticket_id, message, ...attaching(attachments), ...auditing(actor) }
  const post = internal
    ? await repository.insertNote.first(ctx.db, { ...words, from: ticketStatesFor('say') })
    : await repository.insertReply.first(ctx.db, {
        ...words,
        seen_by: seenBy(ctx, actor),
        from: ticketStatesFor(staff ? 'say' : 'answer'),
        reopen_from: staff ? [] : ticketStatesFor('reopen'),
        reopen_days: reopenDays,
      })
  if (post) return post
  const ticket = await tickets.get(ctx, actor, ticket_id)
  if (ticket.archived_at) throw tickets.ticketArchived(actor, ticket_id)
  if (staff || ticketMay('answer', ticket)) throw changedMeanwhile(`Ticket ${ticket_id}`)
  return followUp(ctx, actor, ticket, said)
}

/** What a customer says of a ticket that ended goes to the one that follows it; where there is none it opens that. */
async function followUp(ctx: Context, actor: Actor, ticket: Ticket, said: Said): Promise<PostRow> {
  const { id, subject, priority } = ticket
  return inTransaction(ctx, async (ctx) => {
    // Before any ticket of theirs, as whatever archives or links them does.
    await ownRecords.lock(ctx, actor)
    const open = await findFollowUp.first(ctx.db, { id, owner_id: ownUserId(actor) })
    if (open) return say(ctx, actor, open.id, said)
    return tickets.forOwn(ctx, actor, (owner_id) =>
      insertFollowUp.first(ctx.db, {
        owner_id,
        customer_from: customerStatesFor('log_request'),
        subject,
        message: said.message,
        priority,
        tags: [],
        follow_up_of: id,
        ...attaching(said.attachments),
        ...auditing(actor),
      }),
    )
  })
}

/** Throws a 404 for one that this actor may not know of. */
export async function get(ctx: Context, actor: Actor, id: number): Promise<PostRow> {
  const post = await (isStaff(actor)
    ? views.findPost.first(ctx.db, { id })
    : views.findCustomersPost.first(ctx.db, { id, seen_by: seenBy(ctx, actor) }))
  if (!post) throw notFound(`There is no post ${id}.`)
  return post
}

/** Throws a 404 for a ticket that this actor may not know of, rather than answer an empty thread. */
export async function list(
  ctx: Context,
  actor: Actor,
  ticket_id: number,
  page: PageQuery,
): Promise<Page<PostRow>> {
  const posts = await (isStaff(actor)
    ? views.pageOfThread(ctx.db, { ticket_id }, page)
    : views.pageOfPublicThread(
        ctx.db,
        { ticket_seen_by: [ticket_id, seenBy(ctx, actor)], public: true },
        page,
      ))
  if (posts.count === 0) await tickets.get(ctx, actor, ticket_id)
  return posts
}

/** Edits what the caller has said, soon after. */
export async function edit(
  ctx: Context,
  actor: Actor,
  id: number,
  { message }: Body<typeof updatePost>,
): Promise<PostRow> {
  const edited = await repository.updatePost.first(ctx.db, {
    id,
    message,
    minutes: editMinutes,
    seen_by: seenBy(ctx, actor),
    from: ticketStatesFor('say'),
    ask_from: ticketStatesFor('edit'),
    ...auditing(actor),
  })
  if (edited) return edited
  const post = await ownPost(ctx, actor, id)
  if (post.deleted_at) throw conflict('post_deleted', `Post ${id} is deleted.`)
  if (post.number === 1 && !ticketMay('edit', post))
    throw conflict(
      'wrong_state',
      `Ticket ${post.ticket_id} is ${post.status}; what it asks cannot be edited.`,
    )
  throw conflict('post_too_old', `Post ${id} can be edited no more: ${editMinutes} minutes are over.`)
}

/** Deletes what the caller has said. Repeating it changes nothing. */
export async function remove(ctx: Context, actor: Actor, id: number): Promise<void> {
  const deleted = await inTransaction(ctx, async (ctx) => {
    await repository.lockTicketOf.all(ctx.db, { id })
    return repository.deletePost.first(ctx.db, {
      id,
      seen_by: seenBy(ctx, actor),
      from: ticketStatesFor('say'),
      ...auditing(actor),
    })
  })
  if (deleted) return
  const post = await ownPost(ctx, actor, id)
  if (post.deleted_at) return
  if (post.number > 1) throw changedMeanwhile(`Post ${id}`)
  throw conflict('first_post', `Post ${id} is what the ticket asks; it cannot be deleted.`)
}

/** Of a live ticket. Throws what stands in the way. */
async function ownPost(ctx: Context, actor: Actor, id: number): Promise<PostRow> {
  const post = await get(ctx, actor, id)
  if (post.author_id !== actor.user_id || actor.user_id === null) throw notTheAuthor(id)
  if (post.archived_at) throw tickets.ticketArchived(actor, post.ticket_id)
  return post
}

const notTheAuthor = (id: number): AppError =>
  forbidden(`Post ${id} is not yours; only its author may edit or delete it.`)

/** What was done to the post. That of the ask is the ticket's. */
export async function history(
  ctx: Context,
  actor: Actor,
  id: number,
  page: PageQuery,
): Promise<Page<HistoryEntry>> {
  const entries = await audit.historyOf(ctx, { type: 'post', id }, page, {
    fields: Object.keys(Post.properties),
    columns: {},
  })
  if (entries.count === 0) await get(ctx, actor, id)
  return entries
}
