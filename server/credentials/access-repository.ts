// What lets somebody in, ended as a part of the very statement that makes it so: a password changed, a user disabled. It stands
// here for users, who know nothing of sessions, and for whoever else has such an effect.
import { type RawBuilder, sql } from 'kysely'
import { audited, type Auditing } from '../db/audit.ts'
import { statement } from '../db/statement.ts'
import { mailedLinksEnded } from './one-time-token-repository.ts'

interface Ending {
  /** The users: a CTE of this statement with their `id`. */
  readonly of: RawBuilder<unknown>
  /** What stays: what the caller was let in with. Placeholders. */
  readonly except?: { readonly type: unknown; readonly id: unknown }
}

/**
 * The CTEs, between those of a statement, that end every token, session and grant of these users, each with its audit row:
 * `changed as (…), ${accessEnded(value, { of: sql`changed` })} select …`.
 */
export function accessEnded(value: Auditing, { of, except }: Ending): RawBuilder<unknown> {
  const others = (type: string, table: string) =>
    except
      ? sql`(${except.type}::text is distinct from ${sql.lit(type)} or ${sql.ref(`${table}.id`)} is distinct from ${except.id}::bigint)`
      : sql`true`
  return sql`tokens_before as (
      select tokens.id, tokens as row from tokens join ${of} as users on tokens.user_id = users.id
      where tokens.revoked_at is null and tokens.expires_at > now() and ${others('token', 'tokens')}
      for update of tokens
    ),
    tokens_ended as (
      update tokens set revoked_at = clock_timestamp() from tokens_before where tokens.id = tokens_before.id
      returning tokens.*
    ),
    sessions_before as (
      select sessions.id, sessions as row from sessions join ${of} as users on sessions.user_id = users.id
      where sessions.revoked_at is null and sessions.expires_at > now() and ${others('session', 'sessions')}
      for update of sessions
    ),
    sessions_ended as (
      update sessions set revoked_at = clock_timestamp() from sessions_before where sessions.id = sessions_before.id
      returning sessions.*
    ),
    grants_before as (
      select oauth_grants.id, oauth_grants as row from oauth_grants join ${of} as users on oauth_grants.user_id = users.id
      where oauth_grants.revoked_at is null and oauth_grants.expires_at > now()
      for update of oauth_grants
    ),
    grants_ended as (
      update oauth_grants set revoked_at = clock_timestamp() from grants_before where oauth_grants.id = grants_before.id
      returning oauth_grants.*
    ),
    ${audited(value, { action: 'grant.revoked', recordType: 'grant', before: sql`grants_before`, after: sql`grants_ended` })},
    ${audited(value, { action: 'token.revoked', recordType: 'token', before: sql`tokens_before`, after: sql`tokens_ended` })},
    ${audited(value, { action: 'session.ended', recordType: 'session', before: sql`sessions_before`, after: sql`sessions_ended` })}`
}

/** Taken before what lets an account in is ended, in that transaction: whoever is signing in right now is waited for and seen. */
export const lockAccount = statement<{ id: number }>()(
  (value) => sql<{ id: number }>`select users.id from users where users.id = ${value.id} for update`,
)

/** Ends all that lets an account in, and nothing else of it. */
export const endAccess = statement<{ id: number } & Auditing>()(
  (value) => sql<{ id: number }>`
    with account as (
      update users set access_ended_at = clock_timestamp() where users.id = ${value.id} returning users.id
    ),
    ${accessEnded(value, { of: sql`account` })},
    ${mailedLinksEnded(sql`account`)}
    select account.id from account`,
)
