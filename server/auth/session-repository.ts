import { sql } from 'kysely'
import type { Session } from '../../contract/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { deleteInParts } from '../db/delete-in-parts.ts'
import { list } from '../db/list.ts'
import { statement } from '../db/statement.ts'
import type { SessionHolder } from './holder.ts'

const working = (idleSeconds: unknown) => sql`sessions.revoked_at is null and sessions.expires_at > now()
  and sessions.last_seen_at > now() - ${idleSeconds} * interval '1 second'`

/** Whose session this is, if it works now; and whether that it was seen is to be noted again. */
export const findSessionHolder = statement<{
  secret_hash: Buffer
  idle_seconds: number
  recent_seconds: number
}>()(
  (value) => sql<SessionHolder & { unseen: boolean }>`
    select jsonb_build_object('type', 'session', 'id', sessions.id) as credential, users.id as user_id, users.role,
      null as scopes, extract(epoch from sessions.expires_at - now())::float8 as seconds_left,
      sessions.authenticated_at > now() - ${value.recent_seconds} * interval '1 second' as recent,
      floor(extract(epoch from sessions.authenticated_at))::bigint as signed_in_at,
      sessions.last_seen_at < now() - interval '1 minute' as unseen
    from sessions join users on users.id = sessions.user_id
    where sessions.secret_hash = ${value.secret_hash} and ${working(value.idle_seconds)} and users.disabled_at is null`,
)

/** By the minute, so that reading costs a write no more often. */
export const noteSeen = statement<{ id: number }>()(
  (value) => sql`
    update sessions set last_seen_at = now()
    where sessions.id = ${value.id} and sessions.last_seen_at < now() - interval '1 minute'`,
)

/** No row: the user was disabled, or got another password, since theirs was checked. The session that it takes the place of ends. */
export const insertSession = statement<
  {
    user_id: number
    password_hash: string
    secret_hash: Buffer
    replaced_hash: Buffer | null
    lifetime_seconds: number
    user_agent: string | null
    address: string
  } & Auditing
>()(
  (value) => sql<{ expires_at: string }>`
    with created as (
      insert into sessions (user_id, secret_hash, expires_at, user_agent, address)
      select users.id, ${value.secret_hash}, now() + ${value.lifetime_seconds} * interval '1 second',
        ${value.user_agent}, ${value.address}
      from users
      where users.id = ${value.user_id} and users.password_hash = ${value.password_hash} and users.disabled_at is null
      for share
      returning *
    ),
    replaced as (
      select sessions.id, sessions as row from sessions
      where sessions.secret_hash = ${value.replaced_hash} and sessions.revoked_at is null and exists (select from created)
      for update
    ),
    ended as (
      update sessions set revoked_at = clock_timestamp() from replaced where sessions.id = replaced.id
      returning sessions.*
    ),
    ${audited(value, { action: 'session.created', recordType: 'session', after: sql`created` })},
    ${audited(value, { action: 'session.ended', recordType: 'session', before: sql`replaced`, after: sql`ended` })}
    select created.expires_at from created`,
)

const columns = sql`sessions.id, sessions.created_at, sessions.last_seen_at, sessions.expires_at, sessions.user_agent,
  sessions.address`

export const pageOfSessions = list<Omit<Session, 'current'>, { user_id: number; idle_seconds: number }>({
  columns,
  table: 'sessions',
  sorts: { created: sql`sessions.created_at` },
  filters: {
    user_id: (id) => ({ column: sql`sessions.user_id`, value: sql`${id}::bigint`, shared: 'by few' }),
    idle_seconds: (seconds) => working(seconds),
  },
})

/** Ends a session of this user. No row: there is none of that number. */
export const endSession = statement<{ id: number; user_id: number } & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (
      select sessions.id, sessions as row from sessions
      where sessions.id = ${value.id} and sessions.user_id = ${value.user_id} and sessions.expires_at > now()
      for update
    ),
    changed as (
      update sessions set revoked_at = clock_timestamp() from before
      where sessions.id = before.id and sessions.revoked_at is null
      returning sessions.*
    ),
    ${audited(value, { action: 'session.ended', recordType: 'session', before: sql`before`, after: sql`changed` })}
    select changed.id from changed`,
)

/** A week after they ended nobody asks for them; the audit log keeps that they were. */
export const deleteEndedSessions = deleteInParts('sessions', {
  column: 'expires_at',
  before: sql`now() - interval '7 days'`,
})
