import { sql } from 'kysely'
import type { Client, GrantType, Role, Scope } from '../../contract/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { list } from '../db/list.ts'
import { statement } from '../db/statement.ts'
import { touch } from '../db/touch.ts'

const columns = sql`oauth_clients.name, oauth_clients.grant_types, oauth_clients.redirect_uris, oauth_clients.role,
  oauth_clients.scopes, oauth_clients.first_party, oauth_clients.id, oauth_clients.client_id,
  oauth_clients.secret_hash is not null as confidential,
  case when 'client_credentials' = any(oauth_clients.grant_types) then oauth_clients.user_id end as user_id,
  oauth_clients.created_at, oauth_clients.updated_at, oauth_clients.version`

const live = sql`oauth_clients.deleted_at is null`

export const findClient = statement<{ id: number }>()(
  (value) =>
    sql<Client>`select ${columns} from oauth_clients where oauth_clients.id = ${value.id} and ${live}`,
)

export const pageOfClients = list<Client, { registered: true }>({
  columns,
  table: 'oauth_clients',
  sorts: { created: sql`oauth_clients.created_at` },
  filters: { registered: () => live },
})

interface ClientFields {
  readonly name: string
  readonly grant_types: readonly GrantType[]
  readonly redirect_uris: readonly string[]
  readonly role: Role
  readonly scopes: readonly Scope[]
  readonly first_party: boolean
}

/** Makes the client, and who it is when it acts on its own. */
export const insertClient = statement<
  ClientFields & { client_id: string; secret_hash: Buffer | null } & Auditing
>()(
  (value) => sql<Client>`
    with service_user as (
      insert into users (first_name, role, is_service) values (${value.name}, ${value.role}, true)
      returning *
    ),
    created as (
      insert into oauth_clients (client_id, secret_hash, name, grant_types, redirect_uris, role, scopes, first_party, user_id)
      select ${value.client_id}, ${value.secret_hash}, ${value.name}, ${value.grant_types}, ${value.redirect_uris},
        ${value.role}, ${value.scopes}, ${value.first_party}, service_user.id
      from service_user
      returning *
    ),
    ${audited(value, { action: 'user.created', recordType: 'user', after: sql`service_user` })},
    ${audited(value, { action: 'client.created', recordType: 'client', after: sql`created` })}
    select ${columns} from created as oauth_clients`,
)

const locked = (id: number) =>
  sql`select oauth_clients.id, oauth_clients as row from oauth_clients where oauth_clients.id = ${id} and ${live} for update`

/** Its service user goes by it. No row: absent or deleted, or at another version than the one that was looked at. */
export const updateClient = statement<ClientFields & { id: number; version: number } & Auditing>()(
  (value) => sql<Client>`
    with before as (${locked(value.id)}),
    changed as (
      update oauth_clients set name = ${value.name}, grant_types = ${value.grant_types}, redirect_uris = ${value.redirect_uris},
        role = ${value.role}, scopes = ${value.scopes}, first_party = ${value.first_party}, ${touch('oauth_clients')}
      from before where oauth_clients.id = before.id and oauth_clients.version = ${value.version}
      returning oauth_clients.*
    ),
    user_before as (
      select users.id, users.role, users as row from users join changed on changed.user_id = users.id
      where (users.first_name, users.role) is distinct from (changed.name, changed.role) for update of users
    ),
    user_changed as (
      update users set first_name = changed.name, role = changed.role, ${touch('users')}
      from user_before, changed where users.id = user_before.id
      returning users.*
    ),
    ${audited(value, {
      action: sql`case when before.role = after.role then 'user.updated' else 'user.role_changed' end`,
      recordType: 'user',
      before: sql`user_before`,
      after: sql`user_changed`,
    })},
    ${audited(value, { action: 'client.updated', recordType: 'client', before: sql`before`, after: sql`changed` })}
    select ${columns} from changed as oauth_clients`,
)

/** No row: absent, deleted or public. */
export const replaceSecret = statement<{ id: number; secret_hash: Buffer } & Auditing>()(
  (value) => sql<Client>`
    with before as (${locked(value.id)}),
    changed as (
      update oauth_clients set secret_hash = ${value.secret_hash}, ${touch('oauth_clients')}
      from before where oauth_clients.id = before.id and oauth_clients.secret_hash is not null
      returning oauth_clients.*
    ),
    ${audited(value, { action: 'client.secret_rotated', recordType: 'client', before: sql`before`, after: sql`changed` })}
    select ${columns} from changed as oauth_clients`,
)

/** Ends the client, all that it was granted, and who it was. Its tokens are good only as long as it is. */
export const deleteClient = statement<{ id: number } & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (${locked(value.id)}),
    changed as (
      update oauth_clients set deleted_at = clock_timestamp(), secret_hash = null, ${touch('oauth_clients')}
      from before where oauth_clients.id = before.id
      returning oauth_clients.*
    ),
    user_before as (
      select users.id, users as row from users join changed on changed.user_id = users.id
      where users.disabled_at is null for update of users
    ),
    user_changed as (
      update users set disabled_at = clock_timestamp(), ${touch('users')} from user_before where users.id = user_before.id
      returning users.*
    ),
    grants_before as (
      select oauth_grants.id, oauth_grants as row from oauth_grants join changed on oauth_grants.client_id = changed.id
      where oauth_grants.revoked_at is null and oauth_grants.expires_at > now() for update of oauth_grants
    ),
    grants_ended as (
      update oauth_grants set revoked_at = clock_timestamp() from grants_before where oauth_grants.id = grants_before.id
      returning oauth_grants.*
    ),
    ${audited(value, { action: 'grant.revoked', recordType: 'grant', before: sql`grants_before`, after: sql`grants_ended` })},
    ${audited(value, { action: 'user.disabled', recordType: 'user', before: sql`user_before`, after: sql`user_changed` })},
    ${audited(value, { action: 'client.deleted', recordType: 'client', before: sql`before`, after: sql`changed` })}
    select changed.id from changed`,
)

export interface KnownClient extends ClientFields {
  readonly client_id: string
  readonly secret_hash: Buffer | null
}

/** As the protocol knows it. */
export const findKnownClient = statement<{ client_id: string }>()(
  (value) => sql<KnownClient>`
    select oauth_clients.client_id, oauth_clients.secret_hash, oauth_clients.name, oauth_clients.grant_types,
      oauth_clients.redirect_uris, oauth_clients.role, oauth_clients.scopes, oauth_clients.first_party
    from oauth_clients where oauth_clients.client_id = ${value.client_id} and ${live}`,
)

/** A client that comes with the house, as it is to be; changes nothing where it is so. */
export const putOwnClient = statement<ClientFields & { client_id: string } & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (
      select oauth_clients.id, oauth_clients as row from oauth_clients where oauth_clients.client_id = ${value.client_id} for update
    ),
    wanted as (
      select ${value.client_id}::text as client_id, ${value.name}::text as name, ${value.grant_types}::text[] as grant_types,
        ${value.redirect_uris}::text[] as redirect_uris, ${value.role}::text as role, ${value.scopes}::text[] as scopes,
        ${value.first_party}::boolean as first_party
    ),
    created as (
      insert into oauth_clients (client_id, name, grant_types, redirect_uris, role, scopes, first_party)
      select wanted.* from wanted where not exists (select from before)
      on conflict (client_id) do nothing
      returning *
    ),
    changed as (
      update oauth_clients set name = wanted.name, grant_types = wanted.grant_types, redirect_uris = wanted.redirect_uris,
        role = wanted.role, scopes = wanted.scopes, first_party = wanted.first_party, ${touch('oauth_clients')}
      from before, wanted where oauth_clients.id = before.id
        and (oauth_clients.name, oauth_clients.grant_types, oauth_clients.redirect_uris, oauth_clients.role, oauth_clients.scopes,
          oauth_clients.first_party)
        is distinct from (wanted.name, wanted.grant_types, wanted.redirect_uris, wanted.role, wanted.scopes, wanted.first_party)
      returning oauth_clients.*
    ),
    ${audited(value, { action: 'client.created', recordType: 'client', after: sql`created` })},
    ${audited(value, { action: 'client.updated', recordType: 'client', before: sql`before`, after: sql`changed` })}
    select id from created union all select id from changed`,
)
