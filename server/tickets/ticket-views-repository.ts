// Tickets as they are read: one row, seen as a request or as a ticket, alone and in lists.
import { type RawBuilder, sql } from 'kysely'
import type { listRequests, listTickets, Query, Request, Ticket } from '../../contract/index.ts'
import { list } from '../db/list.ts'
import { matches, searchPattern } from '../db/search.ts'
import { statement } from '../db/statement.ts'
import { tidyTags } from './ticket-rules.ts'

/** A ticket and its first post, seen as a request. */
export const requestColumns = sql`posts.message as body, tickets.id, tickets.customer_id as created_by, tickets.status, tickets.processed_by,
  tickets.resolution_comment, posts.subject, tickets.priority, tickets.tags, tickets.created_at, tickets.updated_at, tickets.version,
  tickets.archived_at`

const ticketColumns = (tags: RawBuilder<unknown>) =>
  sql`tickets.id, posts.subject, tickets.customer_id, tickets.status, tickets.priority, tickets.processed_by, tickets.resolution_comment,
  tickets.posts_count, tickets.last_post_at, tickets.follow_up_of, ${tags} as tags, tickets.created_at, tickets.updated_at, tickets.version,
  tickets.archived_at`

/** Seen as a ticket. */
export const staffsColumns = ticketColumns(sql`tickets.tags`)
export const customersColumns = ticketColumns(sql`null::text[]`)

export const withFirstPost = sql`join posts on posts.ticket_id = tickets.id and posts.number = 1`

/** Whether somebody may know of the ticket: the user who is its customer, or anybody whom `seenBy` does not name. */
export const visible = (seenBy: RawBuilder<unknown> | number | null) =>
  sql`(${seenBy}::bigint is null or exists (
    select from customers where customers.id = tickets.customer_id and customers.user_id = ${seenBy}::bigint))`

export const findRequest = statement<{ id: number }>()(
  (value) =>
    sql<Request>`select ${requestColumns} from tickets ${withFirstPost} where tickets.id = ${value.id}`,
)

export const findTicket = statement<{ id: number }>()(
  (value) =>
    sql<Ticket>`select ${staffsColumns} from tickets ${withFirstPost} where tickets.id = ${value.id}`,
)

export const findCustomersTicket = statement<{ id: number; seen_by: number | null }>()(
  (value) => sql<Ticket>`
    select ${customersColumns} from tickets ${withFirstPost}
    where tickets.id = ${value.id} and ${visible(value.seen_by)}`,
)

/** The latest live ticket of this user that goes on from another one. */
export const findFollowUp = statement<{ id: number; owner_id: number }>()(
  (value) => sql<{ id: number }>`
    select tickets.id from tickets join customers on customers.id = tickets.customer_id
    where tickets.follow_up_of = ${value.id} and tickets.archived_at is null and customers.user_id = ${value.owner_id}
    order by tickets.id desc limit 1`,
)

export interface TicketFilters {
  readonly status?: string | undefined
  readonly processed_by?: number | undefined
  readonly created_by?: number | undefined
  /** Only those of the customer that this user is. */
  readonly owner_id?: number | undefined
  readonly tag?: string | undefined
  readonly q?: string | undefined
  /** Present when archived tickets are to be left out. */
  readonly live?: true | undefined
}

type Asked = Pick<
  Query<typeof listRequests> | Query<typeof listTickets>,
  'status' | 'processed_by' | 'tag' | 'q' | 'show_archived'
>

/** What a caller wants of a list, whichever of its two views. */
export const filtersOf = ({ status, processed_by, tag, q, show_archived }: Asked): TicketFilters => ({
  status,
  processed_by,
  tag: tag === undefined ? undefined : tidyTags([tag])[0],
  q: q === undefined ? undefined : searchPattern(q),
  live: show_archived ? undefined : true,
})

const searchText = sql`ask_search_text(posts.subject, posts.message)`

const pageOf = <Row>(columns: RawBuilder<unknown>) =>
  list<Row, TicketFilters>({
    columns,
    table: 'tickets',
    join: withFirstPost,
    sorts: { created: sql`tickets.created_at`, updated: sql`tickets.updated_at` },
    filters: {
      owner_id: (userId) => ({
        column: sql`tickets.customer_id`,
        value: sql`(select customers.id from customers where customers.user_id = ${userId}::bigint)`,
        shared: 'by few',
      }),
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
      q: {
        ids: (pattern) =>
          sql`select posts.ticket_id from posts where posts.number = 1 and ${matches(searchText, pattern)}`,
        holds: (pattern) =>
          sql`select ${matches(searchText, pattern)} from posts where posts.ticket_id = tickets.id and posts.number = 1`,
      },
      tag: {
        ids: (tag) =>
          sql`select tickets.id from tickets where tickets.tags <> '{}' and tickets.tags @> array[${tag}]`,
        holds: (tag) => sql`select tickets.tags @> array[${tag}]`,
      },
    },
  })

export const pageOfRequests = pageOf<Request>(requestColumns)
export const pageOfTickets = pageOf<Ticket>(staffsColumns)
export const pageOfCustomersTickets = pageOf<Ticket>(customersColumns)

interface InboxFilters {
  readonly open: true
  readonly nobody?: true | undefined
  readonly assignee?: number | undefined
  /** The operator whose tickets are listed with those of nobody. */
  readonly assignee_or_nobody?: number | undefined
}

const assignee = (id: RawBuilder<unknown> | null) =>
  ({ column: sql`tickets.processed_by`, value: id, shared: 'by many' }) as const

export const pageOfInbox = list<Ticket, InboxFilters>({
  columns: staffsColumns,
  table: 'tickets',
  join: withFirstPost,
  sorts: { priority: sql`tickets.queue_place` },
  filters: {
    open: () => sql`tickets.archived_at is null and tickets.status in ('PENDING', 'IN_PROGRESS')`,
    nobody: () => assignee(null),
    assignee: (id) => assignee(sql`${id}::bigint`),
    assignee_or_nobody: (id) => ({ either: [assignee(sql`${id}::bigint`), assignee(null)] }),
  },
})
