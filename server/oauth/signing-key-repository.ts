import { sql } from 'kysely'
import { statement } from '../db/statement.ts'

/** Held until the transaction ends, so that instances that need a key at the same moment take turns. */
export const lockSigningKeys = statement<object>()(() => sql`select pg_advisory_xact_lock(7305441106)`)

/** The newest first: it signs. */
export const findSigningKeys = statement<object>()(
  () =>
    sql<{ id: number; sealed: Buffer; age: number }>`
      select oauth_signing_keys.id, oauth_signing_keys.sealed,
        extract(epoch from now() - oauth_signing_keys.created_at)::float8 as age
      from oauth_signing_keys order by oauth_signing_keys.id desc`,
)

export const insertSigningKey = statement<{ kid: string; sealed: Buffer }>()(
  (value) => sql`insert into oauth_signing_keys (kid, sealed) values (${value.kid}, ${value.sealed})`,
)

/** Those that sign no more, once nothing that they signed can be valid. */
export const deleteSpentSigningKeys = statement<{ seconds: number }>()(
  (value) => sql`
    delete from oauth_signing_keys as spent using oauth_signing_keys as newer
    where newer.id > spent.id and newer.created_at < now() - ${value.seconds} * interval '1 second'`,
)
