// What is done to posts, each in one statement with its audit row.
import { sql } from 'kysely'
import { audited, type Auditing } from '../db/audit.ts'
import { statement } from '../db/statement.ts'
import { touch } from '../db/touch.ts'
import { replyTold } from '../notifications/index.ts'
import { attached, type Attaching, detached, listed, withAttached } from './attachment-repository.ts'
import { newPostColumns, type PostRow, postColumns, withAuthor } from './post-views-repository.ts'
import { type From, state } from './ticket-repository.ts'
import { visible } from './ticket-views-repository.ts'

interface Seen {
  /** The user who must be its customer; null for whoever may see all. */
  readonly seen_by: number | null
}

interface Reply extends Seen, Attaching {
  readonly ticket_id: number
  readonly message: string
  /** From which it goes back to work, if it ended not longer ago. */
  readonly reopen_from: readonly string[]
  readonly reopen_days: number
}

/** Answers the customer, or the staff, in public. No row: the ticket is absent, or not in a state for it. */
export const insertReply = statement<Reply & From & Auditing>()(
  (value) => sql<PostRow>`
    with before as (
      select tickets.id, ${state} as state, tickets as row,
        ${state} = any(${value.reopen_from}::text[])
          and tickets.closed_at > now() - ${value.reopen_days} * interval '1 day' as reopens
      from tickets where tickets.id = ${value.ticket_id} and ${visible(value.seen_by)} for update
    ),
    changed as (
      update tickets set posts_made = tickets.posts_made + 1, posts_count = tickets.posts_count + 1, last_post_at = clock_timestamp(),
        status = case when before.reopens then 'IN_PROGRESS' else tickets.status end,
        resolution_comment = case when not before.reopens then tickets.resolution_comment end,
        closed_at = case when not before.reopens then tickets.closed_at end, ${touch('tickets')}
      from before
      where tickets.id = before.id and (before.reopens or before.state = any(${value.from}::text[]))
      returning tickets.*
    ),
    posted as (
      insert into posts (ticket_id, number, author_id, message, created_at, updated_at)
      select changed.id, changed.posts_made, ${value.actor_id}::bigint, ${value.message}, changed.last_post_at, changed.last_post_at
      from changed
      returning *
    ),
    ${audited(value, {
      action: sql`case when before.reopens then 'ticket.reopened' else 'ticket.replied' end`,
      recordType: 'ticket',
      before: sql`before`,
      after: sql`changed`,
    })},
    ${attached(value, sql`posted`)},
    ${audited(value, { action: 'post.created', recordType: 'post', after: withAttached(sql`posted`) })},
    ${replyTold(value)}
    select ${newPostColumns} from posted as posts join changed as tickets on true left join queued on true ${withAuthor}`,
)

/** Writes a note. The ticket keeps its version and its time, or a customer could tell. No row: absent, or not in a state for it. */
export const insertNote = statement<{ ticket_id: number; message: string } & Attaching & From & Auditing>()(
  (value) => sql<PostRow>`
    with before as (
      select tickets.id, ${state} as state from tickets where tickets.id = ${value.ticket_id} for update
    ),
    changed as (
      update tickets set posts_made = tickets.posts_made + 1
      from before
      where tickets.id = before.id and before.state = any(${value.from}::text[])
      returning tickets.*
    ),
    posted as (
      insert into posts (ticket_id, number, author_id, message, internal, created_at, updated_at)
      select changed.id, changed.posts_made, ${value.actor_id}::bigint, ${value.message}, true, clock.at, clock.at
      from changed, clock_timestamp() as clock (at)
      returning *
    ),
    ${attached(value, sql`posted`)},
    ${audited(value, { action: 'post.created', recordType: 'post', after: withAttached(sql`posted`) })}
    select ${newPostColumns} from posted as posts join changed as tickets on true ${withAuthor}`,
)

interface OwnPost extends Seen {
  readonly id: number
}

/** Locks a post of the caller's own that is not deleted, and its ticket, as they are now. */
const locked = (value: OwnPost & Auditing, row = sql`posts`) => sql`
  select posts.id, ${row} as row, posts.number, posts.created_at, ${state} as state, posts.ticket_id,
    to_jsonb(tickets) || jsonb_build_object('subject', posts.subject, 'message', posts.message) as ticket
  from tickets join posts on posts.ticket_id = tickets.id
  where posts.id = ${value.id} and posts.author_id = ${value.actor_id}::bigint and posts.deleted_at is null and ${visible(value.seen_by)}
  for update of tickets, posts`

/** Edits a post of the caller's own; the ask with its ticket. No row: not theirs, deleted, too old, or not in a state for it. */
export const updatePost = statement<
  OwnPost & { message: string; minutes: number; ask_from: readonly string[] } & From & Auditing
>()(
  (value) => sql<PostRow>`
    with before as (${locked(value)}),
    changed as (
      update posts set message = ${value.message}, edited_at = clock_timestamp(), edited_by = ${value.actor_id}::bigint, ${touch('posts')}
      from before
      where posts.id = before.id
        and before.state = any(case when before.number = 1 then ${value.ask_from}::text[] else ${value.from}::text[] end)
        and before.created_at > now() - ${value.minutes} * interval '1 minute'
      returning posts.*
    ),
    ticket_before as (select before.ticket_id as id, before.ticket as row from before where before.number = 1),
    ticket_changed as (
      update tickets set ${touch('tickets')} from changed where tickets.id = changed.ticket_id and changed.number = 1
      returning tickets.*
    ),
    reply_before as (select before.id, before.row from before where before.number > 1),
    ${audited(value, {
      action: 'ticket.edited',
      recordType: 'ticket',
      before: sql`ticket_before`,
      after: sql`(select ticket_changed.*, changed.subject, changed.message from ticket_changed, changed)`,
    })},
    ${audited(value, { action: 'post.edited', recordType: 'post', before: sql`reply_before`, after: sql`changed` })}
    select ${postColumns} from changed as posts join tickets on tickets.id = posts.ticket_id ${withAuthor}`,
)

/** Leaves a place without text. No row: not the caller's, the ask itself, deleted already, or archived. */
export const deletePost = statement<OwnPost & From & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (${locked(value, sql`to_jsonb(posts) || jsonb_build_object('attachments', ${listed(sql`posts.id`)})`)}),
    changed as (
      update posts set message = '', deleted_at = clock_timestamp(), ${touch('posts')}
      from before
      where posts.id = before.id and before.number > 1 and before.state = any(${value.from}::text[])
      returning posts.*
    ),
    ${detached(sql`changed`)},
    ticket_before as (select before.ticket_id as id, before.ticket - '{subject,message}'::text[] as row from before),
    ticket_changed as (
      update tickets set posts_count = tickets.posts_count - 1, last_post_at = (
          select posts.created_at from posts
          where posts.ticket_id = tickets.id and not posts.internal and posts.deleted_at is null and posts.id <> changed.id
          order by posts.ticket_id desc, posts.created_at desc, posts.id desc limit 1
        ), ${touch('tickets')}
      from changed where tickets.id = changed.ticket_id and not changed.internal
      returning tickets.*
    ),
    ${audited(value, {
      action: 'post.deleted',
      recordType: 'post',
      before: sql`before`,
      after: sql`(select changed.*, '[]'::jsonb as attachments from changed)`,
    })},
    ${audited(value, {
      action: 'ticket.post_deleted',
      recordType: 'ticket',
      before: sql`ticket_before`,
      after: sql`ticket_changed`,
    })}
    select changed.id from changed`,
)

/** Taken before deleting, in the same transaction: the latest post is looked for among what was said until then. */
export const lockTicketOf = statement<{ id: number }>()(
  (value) => sql<{ id: number }>`
    select tickets.id from tickets join posts on posts.ticket_id = tickets.id where posts.id = ${value.id} for update of tickets`,
)
