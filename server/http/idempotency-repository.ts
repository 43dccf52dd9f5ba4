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

/** `taken`: held until the transaction ends; false while another one holds it. */
type Claim = { readonly taken: boolean } & (KeptAnswer | { readonly fingerprint: null })

/**
 * Takes the key, and looks for what was answered to it. Taken with two numbers: no other lock of ours is one of those. An answer
 * that is kept between our look and our taking is not seen, but then keepAnswer has no place left.
 */
export const claimKey = statement<KeyOfCaller>()(
  (value) => sql<Claim>`
    select lock.taken, kept.fingerprint, kept.status, kept.headers, kept.body
    from (
      select pg_try_advisory_xact_lock(7305441, hashtext(${value.caller} || ' ' || ${value.key})) as taken
    ) as lock
      left join idempotency_keys as kept
        on kept.caller = ${value.caller} and kept.key = ${value.key} and kept.created_at > now() - ${lifetime}`,
)

/** No row: another call with this key was answered meanwhile. */
export const keepAnswer = statement<
  KeyOfCaller & Omit<KeptAnswer, 'headers'> & { readonly headers: string }
>()(
  (value) => sql<{ key: string }>`
    insert into idempotency_keys as kept (caller, key, fingerprint, status, headers, body)
    values (${value.caller}, ${value.key}, ${value.fingerprint}, ${value.status}, ${value.headers}::jsonb, ${value.body})
    on conflict (caller, key) do update set fingerprint = excluded.fingerprint, status = excluded.status,
      headers = excluded.headers, body = excluded.body, created_at = excluded.created_at
      where kept.created_at <= now() - ${lifetime}
    returning kept.key`,
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
