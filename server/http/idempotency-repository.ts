import { sql } from 'kysely'
import { statement } from '../db/statement.ts'

export interface KeyOfCaller {
  readonly caller: string
  readonly key: string
}

export interface KeptAnswer {
  readonly fingerprint: Buffer
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const lifetime = sql`interval '24 hours'`

/** Held until the transaction ends; false while another one holds it. Two numbers: no other lock of ours is one of those. */
export const takeKey = statement<KeyOfCaller>()(
  (value) => sql<{ taken: boolean }>`
    select pg_try_advisory_xact_lock(7305441, hashtext(${value.caller} || ' ' || ${value.key})) as taken`,
)

/** In a statement after takeKey: its own view of the table might be older than the lock. */
export const findAnswer = statement<KeyOfCaller>()(
  (value) => sql<KeptAnswer>`
    select fingerprint, status, headers, body from idempotency_keys
    where caller = ${value.caller} and key = ${value.key} and created_at > now() - ${lifetime}`,
)

export const keepAnswer = statement<
  KeyOfCaller & Omit<KeptAnswer, 'headers'> & { readonly headers: string }
>()(
  (value) => sql`
    insert into idempotency_keys (caller, key, fingerprint, status, headers, body)
    values (${value.caller}, ${value.key}, ${value.fingerprint}, ${value.status}, ${value.headers}::jsonb, ${value.body})
    on conflict (caller, key) do update set fingerprint = excluded.fingerprint, status = excluded.status,
      headers = excluded.headers, body = excluded.body, created_at = excluded.created_at`,
)

/** Answers how many there were. So few at a time that nobody waits for it. */
export const deleteOldAnswers = statement<{ at_most: number }>()(
  (value) => sql<{ deleted: number }>`
    with old as (
      select caller, key from idempotency_keys where created_at <= now() - ${lifetime} order by created_at limit ${value.at_most}
    ),
    gone as (
      delete from idempotency_keys using old
      where idempotency_keys.caller = old.caller and idempotency_keys.key = old.key
        and idempotency_keys.created_at <= now() - ${lifetime}
      returning 1
    )
    select count(*) as deleted from gone`,
)
