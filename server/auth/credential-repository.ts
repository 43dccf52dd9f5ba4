import { sql } from 'kysely'
import type { Role } from '../../contract/index.ts'
import { accessEnded } from '../credentials/access-repository.ts'
import { mailedLinksEnded } from '../credentials/one-time-token-repository.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { statement } from '../db/statement.ts'
import { touch } from '../db/touch.ts'

/** The account that may sign in by this name, in any case. */
export const findCredentials = statement<{ username: string }>()(
  (value) => sql<{ id: number; role: Role; password_hash: string }>`
    select users.id, users.role, users.password_hash from users
    where lower(users.username) = lower(${value.username}) and users.disabled_at is null and users.password_hash is not null`,
)

export const findPasswordHash = statement<{ id: number }>()(
  (value) =>
    sql<{
      username: string | null
      password_hash: string | null
    }>`select users.username, users.password_hash from users where users.id = ${value.id}`,
)

/** What a caller was let in with, which stays. */
type Kept = { readonly kept_type: string | null; readonly kept_id: number | null }

/** Sets a new password where the old one is still the one that was checked, and ends all else that lets the account in. */
export const changePassword = statement<
  { id: number; old_hash: string; new_hash: string } & Kept & Auditing
>()(
  (value) => sql<{ id: number }>`
    with before as (select users.id, users as row from users where users.id = ${value.id} for update),
    changed as (
      update users set password_hash = ${value.new_hash}, access_ended_at = clock_timestamp(), ${touch('users')}
      from before where users.id = before.id and users.password_hash = ${value.old_hash}
      returning users.*
    ),
    ${accessEnded(value, { of: sql`changed`, except: { type: value.kept_type, id: value.kept_id } })},
    ${mailedLinksEnded(sql`changed`)},
    ${audited(value, { action: 'user.password_changed', recordType: 'user', before: sql`before`, after: sql`changed` })}
    select changed.id from changed`,
)

/** Notes that the password was shown again, on what the caller was let in with. */
export const noteAuthenticated = statement<{ type: string; id: number; user_id: number } & Auditing>()(
  (value) => sql`
    with tokens_before as (
      select tokens.id, tokens as row from tokens
      where ${value.type}::text = 'token' and tokens.id = ${value.id} and tokens.user_id = ${value.user_id} for update
    ),
    tokens_changed as (
      update tokens set authenticated_at = clock_timestamp() from tokens_before where tokens.id = tokens_before.id
      returning tokens.*
    ),
    sessions_before as (
      select sessions.id, sessions as row from sessions
      where ${value.type}::text = 'session' and sessions.id = ${value.id} and sessions.user_id = ${value.user_id} for update
    ),
    sessions_changed as (
      update sessions set authenticated_at = clock_timestamp() from sessions_before where sessions.id = sessions_before.id
      returning sessions.*
    ),
    ${audited(value, { action: 'token.reauthenticated', recordType: 'token', before: sql`tokens_before`, after: sql`tokens_changed` })},
    ${audited(value, { action: 'session.reauthenticated', recordType: 'session', before: sql`sessions_before`, after: sql`sessions_changed` })}
    select 1`,
)
