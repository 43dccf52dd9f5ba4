import { sql } from 'kysely'
import type { Grant } from '../../contract/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { deleteInParts } from '../db/delete-in-parts.ts'
import { list } from '../db/list.ts'
import { statement } from '../db/statement.ts'

const working = sql`oauth_grants.revoked_at is null and oauth_grants.expires_at > now()`

/** No row: the client or the user is gone by now, or the password that was checked is another one. */
export const insertGrant = statement<
  {
    key: string
    client_id: string
    user_id: number
    password_hash: string | null
    scopes: readonly string[]
    seconds: number
  } & Auditing
>()(
  (value) => sql<{ id: number }>`
    with created as (
      insert into oauth_grants (key, client_id, user_id, scopes, expires_at)
      select ${value.key}, oauth_clients.id, users.id, ${value.scopes}, now() + ${value.seconds} * interval '1 second'
      from oauth_clients, users
      where oauth_clients.client_id = ${value.client_id} and oauth_clients.deleted_at is null
        and users.id = ${value.user_id} and users.disabled_at is null
        and (${value.password_hash}::text is null or users.password_hash = ${value.password_hash})
      for share
      returning *
    ),
    ${audited(value, { action: 'grant.created', recordType: 'grant', after: sql`created` })}
    select created.id from created`,
)

export interface KnownGrant {
  readonly key: string
  readonly client_id: string
  readonly user_id: number
  readonly scopes: readonly string[]
  /** Seconds since 1970. */
  readonly iat: number
  readonly exp: number
}

const known = sql`select oauth_grants.key, oauth_clients.client_id, oauth_grants.user_id, oauth_grants.scopes,
    floor(extract(epoch from oauth_grants.created_at))::bigint as iat, floor(extract(epoch from oauth_grants.expires_at))::bigint as exp
  from oauth_grants join oauth_clients on oauth_clients.id = oauth_grants.client_id and oauth_clients.deleted_at is null`

export const findGrant = statement<{ key: string }>()(
  (value) => sql<KnownGrant>`${known} where oauth_grants.key = ${value.key} and ${working}`,
)

/** A grant by which this user has allowed this client all of these scopes already. */
export const findConsent = statement<{ client_id: string; user_id: number; scopes: readonly string[] }>()(
  (value) => sql<KnownGrant>`${known}
    where oauth_clients.client_id = ${value.client_id} and oauth_grants.user_id = ${value.user_id} and ${working}
      and oauth_grants.scopes @> ${value.scopes}
    order by oauth_grants.id desc limit 1`,
)

/** Ends a grant, and with it all that came from it. No row: it had ended. */
export const endGrant = statement<{ key: string } & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (
      select oauth_grants.id, oauth_grants as row from oauth_grants where oauth_grants.key = ${value.key} for update
    ),
    changed as (
      update oauth_grants set revoked_at = clock_timestamp() from before
      where oauth_grants.id = before.id and oauth_grants.revoked_at is null
      returning oauth_grants.*
    ),
    ${audited(value, { action: 'grant.revoked', recordType: 'grant', before: sql`before`, after: sql`changed` })}
    select changed.id from changed`,
)

export const pageOfGrants = list<Grant, { user_id: number; working: true }>({
  columns: sql`oauth_grants.id, oauth_clients.client_id, oauth_clients.name as client_name, oauth_grants.scopes,
    oauth_grants.created_at, oauth_grants.last_used_at, oauth_grants.expires_at`,
  table: 'oauth_grants',
  join: sql`join oauth_clients on oauth_clients.id = oauth_grants.client_id`,
  sorts: { created: sql`oauth_grants.created_at` },
  filters: {
    user_id: (id) => ({ column: sql`oauth_grants.user_id`, value: sql`${id}::bigint`, shared: 'by few' }),
    working: () => working,
  },
})

/** Ends a working grant of this user. No row: there is none of that number. */
export const revokeGrant = statement<{ id: number; user_id: number } & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (
      select oauth_grants.id, oauth_grants as row from oauth_grants
      where oauth_grants.id = ${value.id} and oauth_grants.user_id = ${value.user_id} and oauth_grants.expires_at > now() for update
    ),
    changed as (
      update oauth_grants set revoked_at = clock_timestamp() from before
      where oauth_grants.id = before.id and oauth_grants.revoked_at is null
      returning oauth_grants.*
    ),
    ${audited(value, { action: 'grant.revoked', recordType: 'grant', before: sql`before`, after: sql`changed` })}
    select changed.id from changed`,
)

/** A week after they ended nobody asks for them; their tokens go with them. */
export const deleteEndedGrants = deleteInParts('oauth_grants', {
  column: 'expires_at',
  before: sql`now() - interval '7 days'`,
})
