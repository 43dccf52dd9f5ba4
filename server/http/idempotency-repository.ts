import { sql } from 'kysely'
import { idempotencyLock } from '../db/advisory-locks.ts'
import { deleteInParts } from '../db/delete-in-parts.ts'
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
      select pg_try_advisory_xact_lock(${sql.lit(idempotencyLock)}, hashtext(${value.caller} || ' ' || ${value.key})) as taken
    ) as lock
      left join idempotency_keys as kept
        on kept.caller = ${value.caller} and kept.key = ${value.key} and kept.created_at > now() - ${lifetime}`,
)

/** What was answered to the key, by whoever may take it or not. */
export const findAnswer = statement<KeyOfCaller>()(
  (value) => sql<KeptAnswer>`
    select kept.fingerprint, kept.status, kept.headers, kept.body from idempotency_keys as kept
    where kept.caller = ${value.caller} and kept.key = ${value.key} and kept.created_at > now() - ${lifetime}`,
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

export const deleteOldAnswers = deleteInParts('idempotency_keys', {
  column: 'created_at',
  before: sql`now() - ${lifetime}`,
})
