import { type RawBuilder, sql } from 'kysely'

/** What every change of a record sets, so that `version` tells one state of the record from the next, and `updated_at` never goes back. */
export function touch(table: string): RawBuilder<unknown> {
  const version = sql.ref(`${table}.version`)
  const updatedAt = sql.ref(`${table}.updated_at`)
  return sql`version = ${version} + 1, updated_at = greatest(clock_timestamp(), ${updatedAt})`
}
