import { sql } from 'kysely'
import type { Role } from '../../contract/index.ts'
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

/** Taken before the password changes, in its transaction: whoever is signing in right now is waited for and seen. */
export const lockAccount = statement<{ id: number }>()(
  (value) => sql<{ id: number }>`select users.id from users where users.id = ${value.id} for update`,
)

/** Sets a new password where the old one is still the one that was checked, and ends every token but one. */
export const changePassword = statement<
  { id: number; old_hash: string; new_hash: string; kept_token_id: number | null } & Auditing
>()(
  (value) => sql<{ id: number }>`
    with before as (select users.id, users as row from users where users.id = ${value.id} for update),
    changed as (
      update users set password_hash = ${value.new_hash}, ${touch('users')}
      from before where users.id = before.id and users.password_hash = ${value.old_hash}
      returning users.*
    ),
    working as (
      select tokens.id, tokens as row from tokens join changed on tokens.user_id = changed.id
      where tokens.revoked_at is null and tokens.expires_at > now() and tokens.id is distinct from ${value.kept_token_id}::bigint
      for update of tokens
    ),
    revoked as (
      update tokens set revoked_at = clock_timestamp() from working where tokens.id = working.id
      returning tokens.*
    ),
    ${audited(value, { action: 'token.revoked', recordType: 'token', before: sql`working`, after: sql`revoked` })},
    ${audited(value, { action: 'user.password_changed', recordType: 'user', before: sql`before`, after: sql`changed` })}
    select changed.id from changed`,
)
