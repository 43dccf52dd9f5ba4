import { sql } from 'kysely'
import { signingKeysLock } from '../db/advisory-locks.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { statement } from '../db/statement.ts'

/** Held until the transaction ends, so that instances that need a key at the same moment take turns. */
export const lockSigningKeys = statement<object>()(
  () => sql`select pg_advisory_xact_lock(${sql.lit(signingKeysLock)})`,
)

/** The newest first: it signs. */
export const findSigningKeys = statement<object>()(
  () =>
    sql<{ id: number; sealed: Buffer; age: number }>`
      select oauth_signing_keys.id, oauth_signing_keys.sealed,
        extract(epoch from now() - oauth_signing_keys.created_at)::float8 as age
      from oauth_signing_keys order by oauth_signing_keys.id desc`,
)

export const insertSigningKey = statement<{ kid: string; sealed: Buffer } & Auditing>()(
  (value) => sql`
    with created as (
      insert into oauth_signing_keys (kid, sealed) values (${value.kid}, ${value.sealed}) returning *
    ),
    ${audited(value, { action: 'signing_key.created', recordType: 'signing_key', after: sql`created` })}
    select created.id from created`,
)

/** Those that sign no more, once nothing that they signed can be valid. */
export const deleteSpentSigningKeys = statement<{ seconds: number } & Auditing>()(
  (value) => sql`
    with before as (
      select spent.id, spent as row from oauth_signing_keys as spent
      where exists (
        select from oauth_signing_keys as newer
        where newer.id > spent.id and newer.created_at < now() - ${value.seconds} * interval '1 second'
      )
      for update of spent
    ),
    deleted as (
      delete from oauth_signing_keys using before where oauth_signing_keys.id = before.id
    ),
    ${audited(value, { action: 'signing_key.deleted', recordType: 'signing_key', before: sql`before` })}
    select before.id from before`,
)
