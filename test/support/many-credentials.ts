// What lets people and programs in, as it lies in the database of a large shop: for looking at query plans.
import type { Client } from 'pg'

export const credentialTables = [
  'sessions',
  'tokens',
  'oauth_tokens',
  'oauth_grants',
  'oauth_clients',
  'oauth_browsers',
  'one_time_tokens',
  'sign_in_attempts',
  'idempotency_keys',
] as const

/** The others were deleted. */
export const liveClients = 200

/** Of each table 20,000 rows, of which 500 are long past. Of each list `userId` has 60. */
export async function fillManyCredentials(client: Client, userId: number): Promise<void> {
  // A look of autovacuum's at the wrong moment would tip the scales between two plans.
  for (const table of credentialTables)
    await client.query(`alter table ${table} set (autovacuum_enabled = off)`)
  await client.query(rowsOf(userId))
  await client.query(`vacuum (analyze) users, ${credentialTables.join(', ')}`)
}

const rowsOf = (userId: number) => `
  begin;
  insert into users (first_name, role)
    select 'User ' || n, 'customer' from generate_series(1, 5000) n;
  create temporary table made on commit drop as
    select n, sha256(n::text::bytea) as hash, now() + interval '1 day' * case when n <= 500 then -30 else 1 end as expires_at,
      case when n % 3 = 0 and n > 500 then now() end as revoked_at, now() - interval '1 second' * n as created_at,
      case when n between 1001 and 1090 then ${userId} else ids[1 + n % 5000] end as user_id
    from generate_series(1, 20000) n,
      (select array_agg(id order by id) as ids from users where role = 'customer') as people;
  insert into sessions (user_id, secret_hash, expires_at, revoked_at, created_at)
    select user_id, hash, expires_at, revoked_at, created_at from made;
  insert into tokens (user_id, secret_hash, expires_at, revoked_at, created_at)
    select user_id, hash, expires_at, revoked_at, created_at from made;
  insert into one_time_tokens (purpose, user_id, email, secret_hash, expires_at, used_at)
    select 'password_reset', user_id, 'somebody@mail.example', hash, expires_at, expires_at from made;
  insert into oauth_clients (client_id, name, grant_types, redirect_uris, role, scopes, created_at, deleted_at)
    select 'program-' || n, 'Program', '{authorization_code}', '{https://program.example/}', 'operator', '{customers:read}',
      created_at, case when n % ${20_000 / liveClients} > 0 then now() end
    from made;
  insert into oauth_grants (key, client_id, user_id, scopes, created_at, expires_at, revoked_at)
    select 'grant-' || n, clients.ids[n], user_id, '{customers:read}', created_at, expires_at, revoked_at
    from made, (select array_agg(id order by id) as ids from oauth_clients where client_id like 'program-%') as clients;
  insert into oauth_tokens (kind, secret_hash, client_id, grant_id, user_id, scopes, sealed, created_at, expires_at)
    select 'AccessToken', hash, oauth_grants.client_id, oauth_grants.id, made.user_id, '{customers:read}', '', made.created_at, made.expires_at
    from made join oauth_grants on oauth_grants.key = 'grant-' || n;
  insert into oauth_browsers (kind, secret_hash, sealed, expires_at) select 'Session', hash, '', expires_at from made;
  insert into sign_in_attempts (key, attempts, window_ends_at) select 'key ' || n, 1, expires_at from made;
  insert into idempotency_keys (caller, key, fingerprint, status, headers, body, created_at)
    select user_id::text, n::text, hash, 200, '{}', '', expires_at from made;
  commit`
