// The rows of attachments: made by the statement that makes their post, and gone with that which deletes it.
import { type RawBuilder, sql } from 'kysely'
import type { Attachment } from '../../contract/index.ts'
import { statement } from '../db/statement.ts'
import { visible } from './ticket-views-repository.ts'

/** A file that is in the file store already, for a row to name it. */
export interface NewAttachment extends Omit<Attachment, 'id' | 'url'> {
  readonly sha256: string
  /** Its name in the file store. */
  readonly key: string
}

/** What a statement that makes a post takes: NewAttachments, in order, as JSON. */
export interface Attaching {
  readonly attachments: string
}

export const attaching = (files: readonly NewAttachment[]): Attaching => ({
  attachments: JSON.stringify(files),
})

/**
 * The CTEs that attach them to the post, of which `post` is the CTE. Of one content that is there already the first file stays. In
 * the order of hashes, so that two posts with the same files do not wait for each other.
 */
export const attached = ({ attachments }: Attaching, post: RawBuilder<unknown>) => sql`
    brought as (
      select post.id as post_id, file.*
      from ${post} as post, rows from (
          jsonb_to_recordset(${attachments}::jsonb) as (name text, media_type text, bytes integer, sha256 text, key text)
        ) with ordinality as file (name, media_type, bytes, sha256, key, place)
    ),
    kept as (
      insert into attachment_files (sha256, key)
      select distinct on (brought.sha256) brought.sha256, brought.key from brought order by brought.sha256
      on conflict (sha256) do update set used_at = clock_timestamp()
    ),
    attached as (
      insert into attachments (post_id, place, name, media_type, bytes, sha256)
      select brought.post_id, brought.place, brought.name, brought.media_type, brought.bytes, brought.sha256 from brought
      returning *
    )`

/** The attachments of the post with this id, as the API lists them; of a post that this statement makes, those of the CTE. */
export const listed = (post_id: RawBuilder<unknown>, from = sql`attachments`) => sql`coalesce((
    select jsonb_agg(jsonb_build_object('id', attachments.id, 'name', attachments.name, 'media_type', attachments.media_type,
      'bytes', attachments.bytes, 'url', '/api/v1/attachments/' || attachments.id) order by attachments.place)
    from ${from} as attachments where attachments.post_id = ${post_id}), '[]')`

/** The rows as the audit log has them: a post and what came with it. */
export const withAttached = (post: RawBuilder<unknown>) =>
  sql`(select post.*, ${listed(sql`post.id`, sql`attached`)} as attachments from ${post} as post)`

/** The CTE that detaches all from a post that is deleted, of which `post` is the CTE. */
export const detached = (post: RawBuilder<unknown>) => sql`
    detached as (delete from attachments using ${post} as post where attachments.post_id = post.id)`

export interface FoundAttachment {
  readonly name: string
  readonly media_type: string
  readonly sha256: string
  readonly key: string
}

const find = (value: { id: number }, seen: RawBuilder<unknown>) => sql<FoundAttachment>`
  select attachments.name, attachments.media_type, attachments.sha256, attachment_files.key
  from attachments
    join attachment_files on attachment_files.sha256 = attachments.sha256
    join posts on posts.id = attachments.post_id
    join tickets on tickets.id = posts.ticket_id
  where attachments.id = ${value.id} and posts.deleted_at is null and ${seen}`

export const findAttachment = statement<{ id: number }>()((value) => find(value, sql`true`))

export const findCustomersAttachment = statement<{ id: number; seen_by: number | null }>()((value) =>
  find(value, sql`not posts.internal and ${visible(value.seen_by)}`),
)

/** Of these keys, those that are named. */
export const keysInUse = statement<{ keys: readonly string[] }>()(
  (value) => sql<{ key: string }>`
    select attachment_files.key from attachment_files where attachment_files.key = any(${value.keys})`,
)

/**
 * The same, once those are gone that came with no post since `before` (milliseconds since 1970) and that no post has any more. A
 * post that comes with such a content in this moment is waited for, and has it then, or waits for us, and makes it anew.
 */
export const keysStillInUse = statement<{ keys: readonly string[]; before: number }>()(
  (value) => sql<{ key: string }>`
    with gone as (
      delete from attachment_files
      where attachment_files.key = any(${value.keys}) and attachment_files.used_at < to_timestamp(${value.before}::double precision / 1000)
        and not exists (select from attachments where attachments.sha256 = attachment_files.sha256)
      returning attachment_files.key
    )
    select attachment_files.key from attachment_files
    where attachment_files.key = any(${value.keys}) and attachment_files.key not in (select gone.key from gone)`,
)
