// The chain of audit events, held against the events themselves. All of it is reckoned in the database, and what comes back is
// what is wrong. Each statement looks up one row for another by its number, whatever PostgreSQL guesses of the range: were it
// to read a whole table for each batch, a chain twice as long would take four times as long.
import { sql } from 'kysely'
import { statement } from '../db/statement.ts'

export interface ChainEntry {
  readonly position: number
  /** SHA-256 in hexadecimal. */
  readonly hash: string
}

const entry = sql`audit_chain.position, encode(audit_chain.hash, 'hex') as hash`

export const lastEntry = statement<object>()(
  () => sql<ChainEntry>`select ${entry} from audit_chain order by audit_chain.position desc limit 1`,
)

export const entryAt = statement<{ position: number }>()(
  (value) =>
    sql<ChainEntry>`select ${entry} from audit_chain where audit_chain.position = ${value.position}::bigint`,
)

export interface BrokenEntry {
  readonly position: number
  readonly event_id: number
  /** The position of the entry before it; null where there is none. */
  readonly previous: number | null
  readonly event_missing: boolean
  /** Null where it cannot be told, because the event or the entry before it is not there. */
  readonly hash_wrong: boolean | null
}

/** Of the entries behind `after`, up to and with `until`, those that do not fit. Each is held against the one before it as that is kept. */
export const brokenEntries = statement<{ after: number; until: number }>()(
  (value) => sql<BrokenEntry>`
    select held.position, held.event_id, held.event_missing, held.hash <> held.reckoned as hash_wrong,
      (select max(before.position) from audit_chain as before where before.position < held.position) as previous
    from (
      select chain.*, kept.id is null as event_missing, 
        case when kept.id is not null then sha256(chain.previous_hash || audit_event_bytes(kept.event)) end as reckoned
      from (
        select audit_chain.*,
          case when audit_chain.position = 1 then sha256('frontdesk')
            when lag(audit_chain.position) over in_order = audit_chain.position - 1 then lag(audit_chain.hash) over in_order
          end as previous_hash
        from audit_chain
        where audit_chain.position >= ${value.after}::bigint and audit_chain.position <= ${value.until}::bigint
        window in_order as (order by audit_chain.position)
      ) as chain
        left join lateral (
          select audit_events.id, audit_events as event from audit_events where audit_events.id = chain.event_id limit 1
        ) as kept on true
      where chain.position > ${value.after}::bigint
    ) as held
    where held.hash is distinct from held.reckoned
    order by held.position`,
)

/** The last of so many events behind `after`, whatever their numbers are; null where there are no more. */
export const endOfBatch = statement<{ after: number; size: number }>()(
  (value) => sql<{ until: number | null }>`
    select max(batch.id) as until from (
      select audit_events.id from audit_events where audit_events.id > ${value.after}::bigint
      order by audit_events.id limit ${value.size}::integer
    ) as batch`,
)

/** Events behind `after`, up to and with `until`, that are neither in the chain nor wait for it. */
export const strays = statement<{ after: number; until: number }>()(
  (value) => sql<{ id: number }>`
    select audit_events.id from audit_events
    where audit_events.id > ${value.after}::bigint and audit_events.id <= ${value.until}::bigint
      and (select true from audit_chain where audit_chain.event_id = audit_events.id) is null
      and (select true from outbox where outbox.event_id = audit_events.id) is null
    order by audit_events.id`,
)

/** Notes in the outbox whose event is gone; a thousand of them are enough to know. */
export const notesOfNothing = statement<object>()(
  () => sql<{ event_id: number }>`
    select outbox.event_id from outbox
    where (select true from audit_events where audit_events.id = outbox.event_id) is null
    order by outbox.event_id limit 1000`,
)
