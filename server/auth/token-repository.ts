import { sql } from 'kysely'
import type { Token } from '../../contract/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { deleteInParts } from '../db/delete-in-parts.ts'
import { list } from '../db/list.ts'
import { statement } from '../db/statement.ts'
import type { Holder } from './holder.ts'

/** Whose token this is, if it works now. */
export const findTokenHolder = statement<{ secret_hash: Buffer; recent_seconds: number }>()(
  (value) => sql<Holder>`
    select jsonb_build_object('type', 'token', 'id', tokens.id) as credential, users.id as user_id, users.role,
      null as scopes, extract(epoch from tokens.expires_at - now())::float8 as seconds_left,
      tokens.authenticated_at > now() - ${value.recent_seconds} * interval '1 second' as recent
    from tokens join users on users.id = tokens.user_id
    where tokens.secret_hash = ${value.secret_hash} and tokens.revoked_at is null and tokens.expires_at > now()
      and users.disabled_at is null`,
)

/** No row: the user was disabled, or got another password, since theirs was checked. */
export const insertToken = statement<
  { user_id: number; password_hash: string; secret_hash: Buffer; lifetime_seconds: number } & Auditing
>()(
  (value) => sql<{ id: number }>`
    with created as (
      insert into tokens (user_id, secret_hash, expires_at)
      select users.id, ${value.secret_hash}, now() + ${value.lifetime_seconds} * interval '1 second'
      from users
      where users.id = ${value.user_id} and users.password_hash = ${value.password_hash} and users.disabled_at is null
      for share
      returning *
    ),
    ${audited(value, { action: 'token.created', recordType: 'token', after: sql`created` })}
    select created.id from created`,
)

const columns = sql`tokens.id, tokens.created_at, tokens.expires_at`

export const pageOfTokens = list<Omit<Token, 'current'>, { user_id: number; working: true }>({
  columns,
  table: 'tokens',
  sorts: { created: sql`tokens.created_at` },
  filters: {
    user_id: (id) => ({ column: sql`tokens.user_id`, value: sql`${id}::bigint`, shared: 'by few' }),
    working: () => sql`tokens.revoked_at is null and tokens.expires_at > now()`,
  },
})

/** Ends a working token of this user. No row: there is none of that number. */
export const revokeToken = statement<{ id: number; user_id: number } & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (
      select tokens.id, tokens as row from tokens
      where tokens.id = ${value.id} and tokens.user_id = ${value.user_id} and tokens.expires_at > now() for update
    ),
    changed as (
      update tokens set revoked_at = clock_timestamp() from before
      where tokens.id = before.id and tokens.revoked_at is null
      returning tokens.*
    ),
    ${audited(value, { action: 'token.revoked', recordType: 'token', before: sql`before`, after: sql`changed` })}
    select changed.id from changed`,
)

/** A week after they ended nobody asks for them; the audit log keeps that they were. */
export const deleteEndedTokens = deleteInParts('tokens', {
  column: 'expires_at',
  before: sql`now() - interval '7 days'`,
})
