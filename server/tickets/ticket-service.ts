// Tickets as conversations: what customers open and read of their own, and the staff of all.
import type {
  Body,
  listInbox,
  listTickets,
  openTicket,
  Query,
  Ticket,
  updateTicket,
} from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { customerStatesFor, ownRecords } from '../customers/index.ts'
import { auditing } from '../db/audit.ts'
import type { Page, PageQuery } from '../db/list.ts'
import { type AppError, changedMeanwhile, conflict, forbidden, notFound } from '../errors.ts'
import { ownUserId } from '../users/index.ts'
import { attaching, type NewAttachment } from './attachment-repository.ts'
import { isStaff, seenBy } from './ticket-policy.ts'
import * as repository from './ticket-repository.ts'
import { ticketStatesFor, tidySubject, tidyTags } from './ticket-rules.ts'
import * as views from './ticket-views-repository.ts'

/** Opens a ticket of the caller's own. */
export async function open(
  ctx: Context,
  actor: Actor,
  { subject, message }: Body<typeof openTicket>,
  attachments: readonly NewAttachment[] = [],
): Promise<Ticket> {
  return forOwn(ctx, actor, (owner_id) =>
    repository.insertOwnTicket.first(ctx.db, {
      owner_id,
      customer_from: customerStatesFor('log_request'),
      subject: tidySubject(subject),
      message,
      priority: 'normal',
      tags: [],
      follow_up_of: null,
      ...attaching(attachments),
      ...auditing(actor),
    }),
  )
}

/** Inserts for the customer that the caller is, who is made first where the shop has made only a login. `owner_id` is the user. */
export async function forOwn<Row>(
  ctx: Context,
  actor: Actor,
  insert: (owner_id: number) => Promise<Row | undefined>,
): Promise<Row> {
  const owner_id = ownUserId(actor)
  const inserted = await insert(owner_id)
  if (inserted) return inserted
  await ownRecords.ensure(ctx, actor)
  const afterwards = await insert(owner_id)
  if (afterwards) return afterwards
  throw changedMeanwhile('Your customer record')
}

/** Throws a 404 for one that this actor may not know of. */
export async function get(ctx: Context, actor: Actor, id: number): Promise<Ticket> {
  const ticket = await (isStaff(actor)
    ? views.findTicket.first(ctx.db, { id })
    : views.findCustomersTicket.first(ctx.db, { id, seen_by: seenBy(ctx, actor) }))
  if (!ticket) throw notFound(`There is no ticket ${id}.`)
  return ticket
}

export async function list(
  ctx: Context,
  actor: Actor,
  query: Query<typeof listTickets>,
  page: PageQuery,
): Promise<Page<Ticket>> {
  const filters = { ...views.filtersOf(query), created_by: query.customer_id }
  if (isStaff(actor)) return views.pageOfTickets(ctx.db, filters, page)
  if (filters.tag !== undefined) throw forbidden('Tags are words of the staff, for the staff.')
  return views.pageOfCustomersTickets(ctx.db, { ...filters, owner_id: seenBy(ctx, actor) ?? undefined }, page)
}

/** What is open, the most urgent first. */
export async function inbox(
  ctx: Context,
  actor: Actor,
  { whose = 'mine_or_unassigned' }: Query<typeof listInbox>,
  page: PageQuery,
): Promise<Page<Ticket>> {
  // Who has no account has been given nothing; no user is number 0.
  const me = actor.user_id ?? 0
  const filters = {
    mine_or_unassigned: { assignee_or_nobody: me },
    mine: { assignee: me },
    unassigned: { nobody: true },
    all: {},
  } as const
  return views.pageOfInbox(ctx.db, { open: true, ...filters[whose] }, page)
}

/** Changes priority or tags. Setting what is so already changes nothing. */
export async function label(
  ctx: Context,
  actor: Actor,
  id: number,
  { priority, tags }: Body<typeof updateTicket>,
): Promise<Ticket> {
  const labeled = await repository.labelTicket.first(ctx.db, {
    id,
    priority: priority ?? null,
    tags: tags ? tidyTags(tags) : null,
    from: ticketStatesFor('label'),
    ...auditing(actor),
  })
  if (labeled) return labeled
  const ticket = await get(ctx, actor, id)
  if (ticket.archived_at) throw ticketArchived(actor, id)
  return ticket
}

/** With the way out. */
export const ticketArchived = (actor: Actor, id: number): AppError =>
  conflict(
    'ticket_archived',
    isStaff(actor)
      ? `Ticket ${id} is archived; log a new request for its customer instead: POST /api/v1/customers/{id}/requests.`
      : `Ticket ${id} is archived; open a new one instead: POST /api/v1/tickets.`,
  )
