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
import { customerArchived, customers, customerStatesFor } from '../customers/index.ts'
import { auditing } from '../db/audit.ts'
import type { Page, PageQuery } from '../db/list.ts'
import { type AppError, changedMeanwhile, conflict, forbidden, notFound } from '../errors.ts'
import { attaching, type Attaching, type NewAttachment } from './attachment-repository.ts'
import * as repository from './post-repository.ts'
import * as views from './post-views-repository.ts'
import type { PostRow } from './post-views-repository.ts'
import { isStaff, seenBy } from './ticket-policy.ts'
import { insertFollowUp } from './ticket-repository.ts'
import { reopenDays, ticketMay, ticketStatesFor } from './ticket-rules.ts'
import * as tickets from './ticket-service.ts'

/** Writes into a ticket's thread. A customer's answer may bring the ticket back, or open one that follows it. */
export async function create(
  ctx: Context,
  actor: Actor,
  ticket_id: number,
  { message, internal = false }: Body<typeof createPost>,
  attachments: readonly NewAttachment[] = [],
): Promise<PostRow> {
  const staff = isStaff(actor)
  if (internal && !staff) throw forbidden('Notes are of the staff, for the staff.')
  const said = { message, ...attaching(attachments), ...auditing(actor) }
  const post = internal
    ? await repository.insertNote.first(ctx.db, { ...said, ticket_id, from: ticketStatesFor('say') })
    : await repository.insertReply.first(ctx.db, {
        ...said,
        ticket_id,
        seen_by: seenBy(ctx, actor),
        from: ticketStatesFor(staff ? 'say' : 'answer'),
        reopen_from: staff ? [] : ticketStatesFor('reopen'),
        reopen_days: reopenDays,
      })
  if (post) return post
  const ticket = await tickets.get(ctx, actor, ticket_id)
  if (ticket.archived_at) throw tickets.ticketArchived(ticket)
  if (staff || ticketMay('answer', ticket)) throw changedMeanwhile(`Ticket ${ticket_id}`)
  return followUp(ctx, actor, ticket, said)
}

/** Opens another ticket for what a customer says of one that ended. */
async function followUp(
  ctx: Context,
  actor: Actor,
  ticket: Ticket,
  said: Attaching & { readonly message: string },
): Promise<PostRow> {
  const asked = await insertFollowUp.first(ctx.db, {
    customer_id: ticket.customer_id,
    customer_from: customerStatesFor('log_request'),
    subject: ticket.subject,
    priority: ticket.priority,
    tags: [],
    follow_up_of: ticket.id,
    ...said,
    ...auditing(actor),
  })
  if (asked) return asked
  const customer = await customers.get(ctx, ticket.customer_id)
  throw customer.archived_at ? customerArchived(customer) : changedMeanwhile(`Ticket ${ticket.id}`)
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
    ...auditing(actor),
  })
  if (edited) return edited
  const post = await ownPost(ctx, actor, id)
  if (post.deleted_at) throw conflict('post_deleted', `Post ${id} is deleted.`)
  throw conflict('post_too_old', `Post ${id} can be edited no more: ${editMinutes} minutes are over.`)
}

/** Deletes what the caller has said. Repeating it changes nothing. */
export async function remove(ctx: Context, actor: Actor, id: number): Promise<void> {
  const deleted = await repository.deletePost.first(ctx.db, {
    id,
    seen_by: seenBy(ctx, actor),
    from: ticketStatesFor('say'),
    ...auditing(actor),
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
  if (post.archived_at) throw tickets.ticketArchived({ id: post.ticket_id })
  return post
}

const notTheAuthor = (id: number): AppError =>
  forbidden(`Post ${id} is not yours; only its author may change it.`)

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
