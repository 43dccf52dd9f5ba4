// The audit row of an effect, as a part of the very statement that has the effect: both commit, or neither.
import { type RawBuilder, sql } from 'kysely'

/** The values that every writing statement takes besides its own. */
export interface Auditing {
  readonly actor_id: number | null
  readonly actor_role: string
  readonly request_id: string
}

interface Actor {
  readonly user_id: number | null
  readonly role: string
  readonly request_id: string
}

export function auditing({ user_id, role, request_id }: Actor): Auditing {
  return { actor_id: user_id, actor_role: role, request_id }
}

/** Columns that no copy is ever made of: secrets, and what is made of the others. */
const secrets = sql`'{search_words,password_hash,secret_hash,user_code_hash,sealed}'::text[]`

interface AuditedEffect {
  /** Such as `customer.created`: the record's type, then what happened to it. */
  readonly action: string | RawBuilder<unknown>
  /** The rows as they became: the name of a CTE of this statement, one audit row for each of its rows; none for those erased. */
  readonly after?: RawBuilder<unknown>
  /** The rows as they were: a CTE with the columns `id` and `row`; none for a creation. */
  readonly before?: RawBuilder<unknown>
  readonly recordType: string
  /** Who did it, where only the statement knows: somebody who makes themselves. */
  readonly actorId?: RawBuilder<unknown>
}

/**
 * The CTE that writes an effect down, between those of a statement: `changed as (…), ${audited(value, { … })} select …`. One
 * row for each that changed, and no action twice in one statement. The table leaves a note for each in the outbox, from where server/feed tells others.
 */
export function audited(
  value: Auditing,
  { action, after, before, recordType, actorId = sql`${value.actor_id}::bigint` }: AuditedEffect,
): RawBuilder<unknown> {
  const name = typeof action === 'string' ? action : recordType
  const [was, became] = [before && sql`${before} as before`, after && sql`${after} as after`]
  const rows = was && became ? sql`${became} join ${was} on before.id = after.id` : (became ?? was)
  return sql`${sql.id(`${name} audited`)} as (
      insert into audit_events (actor_id, actor_role, action, record_type, record_id, before, after, request_id)
      select ${actorId}, ${value.actor_role}, ${typeof action === 'string' ? sql.lit(action) : action}, ${sql.lit(recordType)}, ${after ? sql`after.id` : sql`before.id`},
        ${before ? sql`to_jsonb(before.row) - ${secrets}` : sql`null::jsonb`},
        ${after ? sql`to_jsonb(after) - ${secrets}` : sql`null::jsonb`}, ${value.request_id}
      from ${rows}
    )`
}
