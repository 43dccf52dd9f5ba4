// Tickets, seen by the staff as requests: one ask of one customer, moved forward by operators.
import {
  type Body,
  type closeRequest,
  type createRequest,
  type editRequest,
  type HistoryEntry,
  type listRequests,
  type Query,
  Request,
} from '../../contract/index.ts'
import { audit } from '../audit/index.ts'
import type { Actor, Context } from '../context.ts'
import { customerArchived, customerMay, customers, customerStatesFor } from '../customers/index.ts'
import { auditing } from '../db/audit.ts'
import type { Page, PageQuery } from '../db/list.ts'
import { type AppError, changedMeanwhile, conflict, notFound } from '../errors.ts'
import { operators } from '../users/index.ts'
import { attaching } from './attachment-repository.ts'
import * as repository from './ticket-repository.ts'
import {
  actionTo,
  subjectOf,
  type TicketAction,
  ticketMay,
  ticketStatesFor,
  tidySubject,
  tidyTags,
} from './ticket-rules.ts'
import * as views from './ticket-views-repository.ts'

/** Logs a request on behalf of a customer. */
export async function create(
  ctx: Context,
  actor: Actor,
  customer_id: number,
  body: Body<typeof createRequest>,
): Promise<Request> {
  const created = await repository.insertRequest.first(ctx.db, {
    customer_id,
    subject: subjectOf(body),
    message: body.body,
    priority: body.priority ?? 'normal',
    tags: tidyTags(body.tags ?? []),
    follow_up_of: null,
    ...attaching([]),
    customer_from: customerStatesFor('log_request'),
    ...auditing(actor),
  })
  if (created) return created
  const customer = await customers.get(ctx, customer_id)
  if (customerMay('log_request', customer)) throw changedMeanwhile(`Customer ${customer_id}`)
  throw customerArchived(customer)
}

/** Answers an archived request too. */
export async function get(ctx: Context, id: number): Promise<Request> {
  const request = await views.findRequest.first(ctx.db, { id })
  if (!request) throw notFound(`There is no request ${id}.`)
  return request
}

export async function list(
  ctx: Context,
  query: Query<typeof listRequests>,
  page: PageQuery,
): Promise<Page<Request>> {
  return views.pageOfRequests(ctx.db, { ...views.filtersOf(query), created_by: query.created_by }, page)
}

/** Throws a 404 for a customer who is not there, rather than answer an empty list. */
export async function listOfCustomer(
  ctx: Context,
  customer_id: number,
  query: Query<typeof listRequests>,
  page: PageQuery,
): Promise<Page<Request>> {
  const requests = await list(ctx, { ...query, created_by: customer_id }, page)
  if (requests.count === 0) await customers.get(ctx, customer_id)
  return requests
}

/** What was done to the request, archived or not, in the words that a request has. */
export async function history(ctx: Context, id: number, page: PageQuery): Promise<Page<HistoryEntry>> {
  const columns = { created_by: 'customer_id', body: 'message' }
  const words = { fields: Object.keys(Request.properties), columns }
  const entries = await audit.historyOf(ctx, { type: 'ticket', id }, page, words)
  if (entries.count === 0) await get(ctx, id)
  return entries
}

/** Gives a PENDING request to an operator, or an IN_PROGRESS one to another. */
export async function assign(ctx: Context, actor: Actor, id: number, operator_id: number): Promise<Request> {
  const assigned = await repository.assignTicket.first(ctx.db, {
    id,
    operator_id,
    from: ticketStatesFor('assign'),
    ...auditing(actor),
  })
  if (assigned) return assigned
  const operator = await operators.get(ctx, operator_id)
  if (operator.disabled_at)
    throw conflict('operator_disabled', `Operator ${operator_id} is disabled; choose another.`)
  throw wrongState(await get(ctx, id), 'assign', 'be given to an operator')
}

/** Completes or rejects a request. */
export async function close(
  ctx: Context,
  actor: Actor,
  id: number,
  outcome: Body<typeof closeRequest>,
): Promise<Request> {
  const closed = await repository.closeTicket.first(ctx.db, {
    id,
    status: outcome.status,
    resolution_comment: outcome.resolution_comment.trim(),
    from: ticketStatesFor(actionTo[outcome.status]),
    ...auditing(actor),
  })
  if (closed) return closed
  throw wrongState(await get(ctx, id), actionTo[outcome.status], `become ${outcome.status}`)
}

/** Edits what is asked. */
export async function edit(
  ctx: Context,
  actor: Actor,
  id: number,
  ask: Body<typeof editRequest>,
): Promise<Request> {
  const edited = await repository.editAsk.first(ctx.db, {
    id,
    subject: ask.subject === undefined ? null : tidySubject(ask.subject),
    body: ask.body,
    from: ticketStatesFor('edit'),
    ...auditing(actor),
  })
  if (edited) return edited
  throw wrongState(await get(ctx, id), 'edit', 'be edited')
}

/** Archives an ended request. Repeating it changes nothing. */
export async function archive(ctx: Context, actor: Actor, id: number): Promise<void> {
  const archived = await repository.archiveTicket.first(ctx.db, {
    id,
    from: ticketStatesFor('archive'),
    ...auditing(actor),
  })
  if (archived) return
  const request = await get(ctx, id)
  if (!request.archived_at) throw wrongState(request, 'archive', 'be archived')
}

/** Why it was not possible. */
function wrongState(request: Request, action: TicketAction, wish: string): AppError {
  const name = `Request ${request.id}`
  if (ticketMay(action, request)) return changedMeanwhile(name)
  if (request.archived_at) return conflict('request_archived', `${name} is archived; it cannot ${wish}.`)
  return conflict('wrong_state', `${name} is ${request.status}; it cannot ${wish}.`)
}
