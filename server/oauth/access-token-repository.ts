import { sql } from 'kysely'
import { roles } from '../../contract/index.ts'
import type { Holder } from '../auth/index.ts'
import { statement } from '../db/statement.ts'

/** Whom an access token lets in, if it works now: as the lesser of the user's role and the client's, with what both still have. */
export const findAccessTokenHolder = statement<{ secret_hash: Buffer }>()(
  (value) => sql<Holder>`
    select jsonb_build_object('type', 'access_token', 'id', oauth_tokens.id, 'client_id', oauth_clients.client_id) as credential, users.id as user_id,
      case when array_position(roles.ranked, users.role) < array_position(roles.ranked, oauth_clients.role)
        then users.role else oauth_clients.role end as role,
      array(
        select scope from unnest(oauth_tokens.scopes) as scope where scope = any(oauth_clients.scopes)
      ) as scopes,
      extract(epoch from oauth_tokens.expires_at - now())::float8 as seconds_left, true as recent
    from oauth_tokens
    join oauth_clients on oauth_clients.id = oauth_tokens.client_id and oauth_clients.deleted_at is null
    join users on users.id = oauth_tokens.user_id and users.disabled_at is null
    left join oauth_grants on oauth_grants.id = oauth_tokens.grant_id
    cross join (select ${roles}::text[] as ranked) as roles
    where oauth_tokens.secret_hash = ${value.secret_hash} and oauth_tokens.kind in ('AccessToken', 'ClientCredentials')
      and oauth_tokens.revoked_at is null and oauth_tokens.expires_at > now()
      and (oauth_tokens.kind = 'ClientCredentials' or (oauth_grants.revoked_at is null and oauth_grants.expires_at > now()))`,
)
