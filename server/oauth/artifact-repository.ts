// Codes, tokens, and browsers on their way: found by the hash of what is sent, and by nothing else.
import { sql } from 'kysely'
import { scopeNames } from '../../contract/index.ts'
import { deleteInParts } from '../db/delete-in-parts.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { statement } from '../db/statement.ts'

export type TokenKind =
  | 'AccessToken'
  | 'AuthorizationCode'
  | 'ClientCredentials'
  | 'DeviceCode'
  | 'RefreshToken'
export type BrowserKind = 'Interaction' | 'Session'

interface NewToken {
  readonly kind: TokenKind
  readonly secret_hash: Buffer
  readonly user_code_hash: Buffer | null
  readonly client_id: string
  readonly grant_key: string | null
  readonly user_id: number | null
  readonly scopes: readonly string[]
  readonly sealed: Buffer
  readonly seconds: number
}

/**
 * No row: the client, or the grant that it comes from, is gone by now, or somebody else has answered for the device. Who ends
 * the grant in this moment is waited for, and sees what was made before.
 */
export const putToken = statement<NewToken>()(
  (value) => sql<{ id: number }>`
    with client as (
      select oauth_clients.id, oauth_clients.user_id from oauth_clients
      where oauth_clients.client_id = ${value.client_id} and oauth_clients.deleted_at is null for share
    ),
    granted as (
      update oauth_grants set last_used_at = now() from client
      where oauth_grants.key = ${value.grant_key} and oauth_grants.client_id = client.id
        and oauth_grants.revoked_at is null and oauth_grants.expires_at > now()
      returning oauth_grants.id
    )
    insert into oauth_tokens as known (kind, secret_hash, user_code_hash, client_id, grant_id, user_id, scopes, sealed, expires_at)
    select ${value.kind}, ${value.secret_hash}, ${value.user_code_hash}, client.id, granted.id,
      case when ${value.kind} = 'ClientCredentials' then client.user_id else ${value.user_id}::bigint end,
      ${value.scopes}, ${value.sealed}, now() + ${value.seconds} * interval '1 second'
    from client left join granted on true
    where ${value.grant_key}::text is null or granted.id is not null
    on conflict (secret_hash) do update
    set user_id = excluded.user_id, grant_id = excluded.grant_id, scopes = excluded.scopes, sealed = excluded.sealed
    where known.kind = 'DeviceCode' and known.user_id is null and known.consumed_at is null and known.revoked_at is null
    returning known.id`,
)

export interface KnownToken {
  readonly sealed: Buffer
  readonly exp: number
  readonly consumed: number | null
  /** Those of the API that it was made with and its client has since been denied. */
  readonly taken: readonly string[]
}

const found = sql`select oauth_tokens.sealed, floor(extract(epoch from oauth_tokens.expires_at))::bigint as exp,
    floor(extract(epoch from oauth_tokens.consumed_at))::bigint as consumed,
    array(select unnest(oauth_tokens.scopes) intersect select unnest(${scopeNames}::text[])
      except select unnest(oauth_clients.scopes)) as taken
  from oauth_tokens join oauth_clients on oauth_clients.id = oauth_tokens.client_id and oauth_clients.deleted_at is null
  left join users on users.id = oauth_tokens.user_id`

const standing = sql`oauth_tokens.revoked_at is null and users.disabled_at is null`

export const findToken = statement<{ kind: TokenKind; secret_hash: Buffer }>()(
  (value) => sql<KnownToken>`${found}
    where oauth_tokens.secret_hash = ${value.secret_hash} and oauth_tokens.kind = ${value.kind} and ${standing}`,
)

export const findByUserCode = statement<{ user_code_hash: Buffer }>()(
  (value) => sql<KnownToken>`${found}
    where oauth_tokens.user_code_hash = ${value.user_code_hash} and ${standing}`,
)

/** Of any number of calls at once, one gets a row. No row: used, ended or expired. */
export const consumeToken = statement<{ kind: TokenKind; secret_hash: Buffer }>()(
  (value) => sql<{ id: number }>`
    update oauth_tokens set consumed_at = clock_timestamp()
    where oauth_tokens.secret_hash = ${value.secret_hash} and oauth_tokens.kind = ${value.kind}
      and oauth_tokens.consumed_at is null and oauth_tokens.revoked_at is null and oauth_tokens.expires_at > now()
    returning oauth_tokens.id`,
)

/** The grant that a token comes from. */
export const findGrantKey = statement<{ secret_hash: Buffer }>()(
  (value) => sql<{ key: string }>`
    select oauth_grants.key from oauth_tokens join oauth_grants on oauth_grants.id = oauth_tokens.grant_id
    where oauth_tokens.secret_hash = ${value.secret_hash}`,
)

/** What has come of a grant ends with it, and that is written down; what a client has by its own secret, here. */
export const revokeToken = statement<{ kind: TokenKind; secret_hash: Buffer } & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (
      select oauth_tokens.id, oauth_tokens as row from oauth_tokens
      where oauth_tokens.secret_hash = ${value.secret_hash} and oauth_tokens.kind = ${value.kind} for update
    ),
    changed as (
      update oauth_tokens set revoked_at = clock_timestamp() from before
      where oauth_tokens.id = before.id and oauth_tokens.revoked_at is null
      returning oauth_tokens.*
    ),
    own as (select changed.* from changed where changed.kind = 'ClientCredentials'),
    ${audited(value, { action: 'access_token.revoked', recordType: 'access_token', before: sql`before`, after: sql`own` })}
    select changed.id from changed`,
)

/** Used ones are kept for as long as they would have worked, so that a second use is seen to be one. */
export const deleteExpiredTokens = deleteInParts('oauth_tokens', {
  column: 'expires_at',
  before: sql`now() - interval '1 day'`,
})

/** Anybody may have them made, and nothing comes of one that nobody has answered for. */
export const deleteExpiredDeviceCodes = deleteInParts('oauth_tokens', {
  column: 'expires_at',
  before: sql`now()`,
  only: sql`kind = 'DeviceCode' and consumed_at is null`,
})

export const putBrowser = statement<{
  kind: BrowserKind
  secret_hash: Buffer
  uid_hash: Buffer | null
  sealed: Buffer
  seconds: number
}>()(
  (value) => sql`
    insert into oauth_browsers (kind, secret_hash, uid_hash, sealed, expires_at)
    values (${value.kind}, ${value.secret_hash}, ${value.uid_hash}, ${value.sealed}, now() + ${value.seconds} * interval '1 second')
    on conflict (kind, secret_hash) do update set uid_hash = excluded.uid_hash, sealed = excluded.sealed, expires_at = excluded.expires_at`,
)

interface KnownBrowser {
  readonly sealed: Buffer
}

export const findBrowser = statement<{ kind: BrowserKind; secret_hash: Buffer }>()(
  (value) => sql<KnownBrowser>`
    select oauth_browsers.sealed from oauth_browsers
    where oauth_browsers.kind = ${value.kind} and oauth_browsers.secret_hash = ${value.secret_hash} and oauth_browsers.expires_at > now()`,
)

export const findBrowserByUid = statement<{ uid_hash: Buffer }>()(
  (value) => sql<KnownBrowser>`
    select oauth_browsers.sealed from oauth_browsers
    where oauth_browsers.uid_hash = ${value.uid_hash} and oauth_browsers.expires_at > now()`,
)

export const deleteBrowser = statement<{ kind: BrowserKind; secret_hash: Buffer }>()(
  (value) => sql`
    delete from oauth_browsers where oauth_browsers.kind = ${value.kind} and oauth_browsers.secret_hash = ${value.secret_hash}`,
)

export const deleteExpiredBrowsers = deleteInParts('oauth_browsers', {
  column: 'expires_at',
  before: sql`now()`,
})
