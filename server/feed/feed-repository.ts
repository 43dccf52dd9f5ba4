import { type RawBuilder, sql } from 'kysely'
import type { Change } from '../change.ts'
import { statement } from '../db/statement.ts'

/** 0 where nothing has been put into the chain yet. */
export const lastPosition = statement<object>()(
  () => sql<{ position: number }>`select coalesce(max(audit_chain.position), 0) as position from audit_chain`,
)

/** A copy of a record may be long; of it only these fields are read. */
const only = (row: RawBuilder<unknown>, fields: string[]) =>
  sql`case when ${row} is not null then (
    select jsonb_object_agg(wanted.field, ${row} -> wanted.field) from unnest(${fields}::text[]) as wanted (field)
  ) end`

/** The changes behind `after`, up to and with `until`. Positions have no gaps, so the two also say how many they are. */
export const changesBetween = statement<{ after: number; until: number; fields: string[] }>()(
  // One by one by their numbers, whatever PostgreSQL guesses of the two bounds.
  (value) => sql<Change>`
    select chain.position as id, event.action as type, event.at, event.record_type, event.record_id,
      (event.after ->> 'version')::integer as version, event.actor_id, event.request_id,
      ${only(sql`event.before`, value.fields)} as before, ${only(sql`event.after`, value.fields)} as after
    from audit_chain as chain
      cross join lateral (select audit_events.* from audit_events where audit_events.id = chain.event_id limit 1) as event
    where chain.position > ${value.after} and chain.position <= ${value.until}
    order by chain.position`,
)
