// Posts as they are read: one, and the threads that they stand in.
import { type RawBuilder, sql } from 'kysely'
import { editMinutes, type Post, type TicketStatus } from '../../contract/index.ts'
import { list } from '../db/list.ts'
import { statement } from '../db/statement.ts'
import { listed } from './attachment-repository.ts'
import { visible } from './ticket-views-repository.ts'

const columnsWith = (
  attachments: RawBuilder<unknown>,
) => sql`posts.id, users.username, posts.message, posts.ticket_id, posts.author_id,
  nullif(trim(users.first_name || ' ' || users.last_name), '') as author_name, users.role as author_role, posts.internal, posts.created_at,
  posts.updated_at, posts.version, posts.edited_at, posts.edited_by, posts.deleted_at, posts.number,
  posts.created_at > now() - ${sql.lit(editMinutes)} * interval '1 minute' as is_fresh, tickets.archived_at, tickets.status, ${attachments} as attachments`

export const postColumns = columnsWith(listed(sql`posts.id`))

/** Of a post that the statement makes. */
export const newPostColumns = columnsWith(listed(sql`posts.id`, sql`attached`))

/** What the columns come from besides the posts. */
export const withAuthor = sql`left join users on users.id = posts.author_id`
const withTicket = sql`join tickets on tickets.id = posts.ticket_id ${withAuthor}`

/** A post, and what decides what may be done to it. */
export interface PostRow extends Post {
  readonly number: number
  /** Young enough to be edited. */
  readonly is_fresh: boolean
  /** Of its ticket. */
  readonly archived_at: string | null
  readonly status: TicketStatus
}

/** What a customer may see of a thread. */
const isPublic = sql`not posts.internal and posts.deleted_at is null`

const find = (seen: RawBuilder<unknown>) => sql<PostRow>`
  select ${postColumns} from posts ${withTicket} where ${seen}`

/** With what matters for what may be done to it. */
export const findPost = statement<{ id: number }>()((value) => find(sql`posts.id = ${value.id}`))

export const findCustomersPost = statement<{ id: number; seen_by: number | null }>()((value) =>
  find(sql`posts.id = ${value.id} and ${isPublic} and ${visible(value.seen_by)}`),
)

const thread = <Filters extends object>({
  filters,
  counted,
}: Pick<Parameters<typeof list<PostRow, Filters>>[0], 'filters' | 'counted'>) =>
  list<PostRow, Filters>({
    columns: postColumns,
    table: 'posts',
    join: withTicket,
    sorts: { created: sql`posts.created_at` },
    filters,
    ...(counted ? { counted } : {}),
  })

const ofTicket = (id: RawBuilder<unknown>) =>
  ({ column: sql`posts.ticket_id`, value: id, shared: 'by many' }) as const

/** All of it: notes, and the places of what was deleted. */
export const pageOfThread = thread<{ readonly ticket_id: number }>({
  filters: { ticket_id: (id) => ofTicket(sql`${id}::bigint`) },
  counted: (value) =>
    sql`select tickets.posts_made from tickets where tickets.id = ${value['ticket_id']}::bigint`,
})

/** The ticket with this number, if it is one that may be known of: the number, then the user or null, as one value. */
const known = (pair: unknown) => sql`select tickets.id from tickets
  where tickets.id = (${pair}::bigint[])[1] and ${visible(sql`(${pair}::bigint[])[2]`)}`

/** What a customer may see of it. Nothing of a ticket that they may not know of. */
export const pageOfPublicThread = thread<{
  readonly ticket_seen_by: readonly [number, number | null]
  readonly public: true
}>({
  filters: { ticket_seen_by: (pair) => ofTicket(sql`(${known(pair)})`), public: () => isPublic },
  counted: (value) =>
    sql`select tickets.posts_count from tickets where tickets.id = (${known(value['ticket_seen_by'])})`,
})
