import { sql } from 'kysely'
import type { Request } from '../../contract/index.ts'
import { customerState } from '../customers/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { list } from '../db/list.ts'
import { matches } from '../db/search.ts'
import { statement } from '../db/statement.ts'
import { touch } from '../db/touch.ts'

/** A ticket and its first post, seen as a request. */
const columns = sql`posts.message as body, tickets.id, tickets.customer_id as created_by, tickets.status, tickets.processed_by,
  tickets.resolution_comment, posts.subject, tickets.created_at, tickets.updated_at, tickets.version, tickets.archived_at`

const withFirstPost = sql`join posts on posts.ticket_id = tickets.id and posts.number = 1`

const searchText = sql`ask_search_text(posts.subject, posts.message)`

export const findRequest = statement<{ id: number }>()(
  (value) => sql<Request>`select ${columns} from tickets ${withFirstPost} where tickets.id = ${value.id}`,
)

export interface RequestFilters {
  readonly status?: string | undefined
  readonly processed_by?: number | undefined
  readonly created_by?: number | undefined
  readonly q?: string | undefined
  /** Present when archived requests are to be left out. */
  readonly live?: true | undefined
}

export const pageOfRequests = list<Request, RequestFilters>({
  columns,
  table: 'tickets',
  join: withFirstPost,
  sorts: { created: sql`tickets.created_at`, updated: sql`tickets.updated_at` },
  filters: {
    created_by: (id) => ({ column: sql`tickets.customer_id`, value: sql`${id}::bigint`, shared: 'by few' }),
    processed_by: (id) => ({
      column: sql`tickets.processed_by`,
      value: sql`${id}::bigint`,
      shared: 'by many',
    }),
    status: (status) => ({ column: sql`tickets.status`, value: sql`${status}`, shared: 'by many' }),
  },
  archivable: true,
  search: {
    ids: (pattern) =>
      sql`select posts.ticket_id from posts where posts.number = 1 and ${matches(searchText, pattern)}`,
    holds: (pattern) =>
      sql`select ${matches(searchText, pattern)} from posts where posts.ticket_id = tickets.id and posts.number = 1`,
  },
})

/** Opens a ticket with its first post. No row: the customer is absent, or not in a state for it. */
export const insertRequest = statement<
  { customer_id: number; customer_from: readonly string[]; subject: string; body: string } & Auditing
>()(
  // `for share` makes archiving the customer wait for us, and us for it; a foreign key's own lock would not.
  (value) => sql<Request>`
    with customer as (
      select customers.id from customers
      where customers.id = ${value.customer_id}
        and ${customerState} = any(${value.customer_from}::text[])
      for share
    ),
    opened as (
      insert into tickets (customer_id) select customer.id from customer returning *
    ),
    asked as (
      insert into posts (ticket_id, number, author_id, subject, message)
      select opened.id, 1, ${value.actor_id}::bigint, ${value.subject}, ${value.body} from opened
      returning *
    ),
    ${audited(value, {
      action: 'ticket.created',
      recordType: 'ticket',
      after: sql`(select opened.*, asked.subject, asked.message from opened, asked)`,
    })}
    select ${columns} from opened as tickets join asked as posts on true`,
)

/** Its state in the words of ticket-rules.ts. */
const state = sql`case when tickets.archived_at is null then tickets.status else 'ARCHIVED' end`

/**
 * Locks the ticket as it is now, however long it had to wait. What may happen is decided by this row alone: the statement's own
 * view of the table may be older.
 */
const locked = (id: number) =>
  sql`select tickets.id, ${state} as state, tickets.status, tickets as row from tickets where tickets.id = ${id} for update`

/** The states from which it may happen; given as values, so that the table of rules is the only place that knows. */
type From = { readonly from: readonly string[] }

/** Gives a live ticket to an active operator. No row: one of them is absent, or not in the state for it. */
export const assignTicket = statement<{ id: number; operator_id: number } & From & Auditing>()(
  (value) => sql<Request>`
    with before as (${locked(value.id)}),
    operator as (
      select users.id from users
      where users.id = ${value.operator_id} and users.role in ('operator', 'admin') and users.disabled_at is null and not users.is_service
    ),
    changed as (
      update tickets set status = 'IN_PROGRESS', processed_by = operator.id, ${touch('tickets')}
      from before, operator
      where tickets.id = before.id and before.state = any(${value.from})
      returning tickets.*
    ),
    ${audited(value, {
      action: sql`case before.status when 'PENDING' then 'ticket.assigned' else 'ticket.reassigned' end`,
      recordType: 'ticket',
      before: sql`before`,
      after: sql`changed`,
    })}
    select ${columns} from changed as tickets ${withFirstPost}`,
)

/** Ends a live ticket. No row: absent, or not in a state that leads there. */
export const closeTicket = statement<
  { id: number; status: string; resolution_comment: string } & From & Auditing
>()(
  (value) => sql<Request>`
    with before as (${locked(value.id)}),
    changed as (
      update tickets set status = ${value.status}, resolution_comment = ${value.resolution_comment}, closed_at = clock_timestamp(),
        processed_by = coalesce(tickets.processed_by, ${value.actor_id}::bigint), ${touch('tickets')}
      from before
      where tickets.id = before.id and before.state = any(${value.from})
      returning tickets.*
    ),
    ${audited(value, {
      action: sql`'ticket.' || lower(after.status)`,
      recordType: 'ticket',
      before: sql`before`,
      after: sql`changed`,
    })}
    select ${columns} from changed as tickets ${withFirstPost}`,
)

/** Edits the ask of a live ticket. No row: absent, or not in a state for it. Without a subject the old one stays. */
export const editAsk = statement<{ id: number; subject: string | null; body: string } & From & Auditing>()(
  (value) => sql<Request>`
    with before as (
      select tickets.id, ${state} as state,
        to_jsonb(tickets) || jsonb_build_object('subject', posts.subject, 'message', posts.message) as row
      from tickets ${withFirstPost} where tickets.id = ${value.id} for update of tickets, posts
    ),
    changed as (
      update tickets set ${touch('tickets')}
      from before
      where tickets.id = before.id and before.state = any(${value.from})
      returning tickets.*
    ),
    asked as (
      update posts set subject = coalesce(${value.subject}, posts.subject), message = ${value.body}
      from changed where posts.ticket_id = changed.id and posts.number = 1
      returning posts.*
    ),
    ${audited(value, {
      action: 'ticket.edited',
      recordType: 'ticket',
      before: sql`before`,
      after: sql`(select changed.*, asked.subject, asked.message from changed, asked)`,
    })}
    select ${columns} from changed as tickets join asked as posts on true`,
)

/** Archives an ended ticket. No row: absent, archived already, or not ended. */
export const archiveTicket = statement<{ id: number } & From & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (${locked(value.id)}),
    changed as (
      update tickets set archived_at = clock_timestamp(), ${touch('tickets')}
      from before
      where tickets.id = before.id and before.state = any(${value.from})
      returning tickets.*
    ),
    ${audited(value, { action: 'ticket.archived', recordType: 'ticket', before: sql`before`, after: sql`changed` })}
    select changed.id from changed`,
)
