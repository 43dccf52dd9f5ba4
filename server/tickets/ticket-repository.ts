// What is done to tickets, each in one statement with its audit row.
import { type RawBuilder, sql } from 'kysely'
import type { Request, Ticket } from '../../contract/index.ts'
import { customerState } from '../customers/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { statement } from '../db/statement.ts'
import { touch } from '../db/touch.ts'
import { assignmentTold, resolutionTold } from '../notifications/index.ts'
import { attached, type Attaching, listed } from './attachment-repository.ts'
import { newPostColumns, type PostRow, withAuthor } from './post-views-repository.ts'
import { customersColumns, requestColumns, staffsColumns, withFirstPost } from './ticket-views-repository.ts'

interface Ask extends Attaching {
  readonly customer_from: readonly string[]
  readonly subject: string
  readonly message: string
  readonly priority: string
  readonly tags: readonly string[]
  readonly follow_up_of: number | null
}

/** Opens a ticket with its first post, for whom `asks` names. No row: the customer is absent, or not in a state for it. */
const insertTicket = <Row, Who extends object>(
  asks: (value: Required<Who>) => RawBuilder<unknown>,
  answer: RawBuilder<unknown>,
) =>
  statement<Who & Ask & Auditing>()(
    // `for share` makes archiving the customer wait for us, and us for it; a foreign key's own lock would not.
    (value) => sql<Row>`
    with customer as (
      select customers.id from customers
      where ${asks(value)}
        and ${customerState} = any(${value.customer_from}::text[])
      for share
    ),
    opened as (
      insert into tickets (customer_id, priority, tags, follow_up_of)
      select customer.id, ${value.priority}, ${value.tags}::text[], ${value.follow_up_of}::bigint from customer returning *
    ),
    asked as (
      insert into posts (ticket_id, number, author_id, subject, message)
      select opened.id, 1, ${value.actor_id}::bigint, ${value.subject}, ${value.message} from opened
      returning *
    ),
    ${attached(value, sql`asked`)},
    ${audited(value, {
      action: 'ticket.created',
      recordType: 'ticket',
      after: sql`(select opened.*, asked.subject, asked.message, ${listed(sql`asked.id`, sql`attached`)} as attachments from opened, asked)`,
    })}
    ${answer}`,
  )

/** Who is of the staff by now opens none, though they were a customer once. */
const ofUser = (value: { owner_id: number }) => sql`customers.user_id = ${value.owner_id}::bigint
  and exists (select from users where users.id = customers.user_id and users.role = 'customer')`
const ofCustomer = (value: { customer_id: number }) => sql`customers.id = ${value.customer_id}`
const opened = sql`from opened as tickets join asked as posts on true`

export const insertRequest = insertTicket<Request, { customer_id: number }>(
  ofCustomer,
  sql`select ${requestColumns} ${opened}`,
)

/** For the customer that a user is. */
export const insertOwnTicket = insertTicket<Ticket, { owner_id: number }>(
  ofUser,
  sql`select ${customersColumns} ${opened}`,
)

/** For the same; answers its first post. */
export const insertFollowUp = insertTicket<PostRow, { owner_id: number }>(
  ofUser,
  sql`select ${newPostColumns} ${opened} ${withAuthor}`,
)

/** Its state in the words of ticket-rules.ts. */
export const state = sql`case when tickets.archived_at is null then tickets.status else 'ARCHIVED' end`

/**
 * Locks the ticket and its ask as they are now, however long it had to wait. What may happen is decided by this row alone, and
 * what is asked is answered from it: the statement's own view of the tables may be older.
 */
const locked = (id: number) => sql`
  select tickets.id, ${state} as state, tickets.status, tickets as row, posts.subject, posts.message
  from tickets ${withFirstPost} where tickets.id = ${id} for update of tickets, posts`

const withItsAsk = sql`join before as posts on posts.id = tickets.id`

/** The states from which it may happen; given as values, so that the table of rules is the only place that knows. */
export type From = { readonly from: readonly string[] }

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
    })},
    queued as (${assignmentTold(value)})
    select ${requestColumns} from changed as tickets ${withItsAsk} left join queued on true`,
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
    })},
    queued as (${resolutionTold(value)})
    select ${requestColumns} from changed as tickets ${withItsAsk} left join queued on true`,
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
      update posts set subject = coalesce(${value.subject}, posts.subject), message = ${value.body},
        edited_at = clock_timestamp(), edited_by = ${value.actor_id}::bigint, ${touch('posts')}
      from changed where posts.ticket_id = changed.id and posts.number = 1
      returning posts.*
    ),
    ${audited(value, {
      action: 'ticket.edited',
      recordType: 'ticket',
      before: sql`before`,
      after: sql`(select changed.*, asked.subject, asked.message from changed, asked)`,
    })}
    select ${requestColumns} from changed as tickets join asked as posts on true`,
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

/** Sets what is not null, on a live ticket. No row: absent or archived, or it is so already. */
export const labelTicket = statement<
  { id: number; priority: string | null; tags: readonly string[] | null } & From & Auditing
>()(
  (value) => sql<Ticket>`
    with before as (${locked(value.id)}),
    changed as (
      update tickets set priority = coalesce(${value.priority}, tickets.priority),
        tags = coalesce(${value.tags}::text[], tickets.tags), ${touch('tickets')}
      from before
      where tickets.id = before.id and before.state = any(${value.from}) and (tickets.priority, tickets.tags)
        is distinct from (coalesce(${value.priority}, tickets.priority), coalesce(${value.tags}::text[], tickets.tags))
      returning tickets.*
    ),
    ${audited(value, { action: 'ticket.updated', recordType: 'ticket', before: sql`before`, after: sql`changed` })}
    select ${staffsColumns} from changed as tickets ${withItsAsk}`,
)
