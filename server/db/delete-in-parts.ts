// Forgets what is past, however much of it there is: in parts so small that no statement takes long, and nobody waits for one.
import { type RawBuilder, sql } from 'kysely'
import type { Database } from './database.ts'
import type { DB } from './schema.generated.ts'
import { statement } from './statement.ts'

const atOnce = 1_000

interface Past<Table extends keyof DB> {
  /** The time that is compared; it needs an index. */
  readonly column: keyof DB[Table] & string
  readonly before: RawBuilder<unknown>
  /** Which of them, where that is not all. */
  readonly only?: RawBuilder<unknown>
}

/** Defines a deletion of all rows of a table that are past. Whoever deletes at the same moment is not waited for. */
export function deleteInParts<Table extends keyof DB>(table: Table, { column, before, only }: Past<Table>) {
  const part = statement<{ at_most: number }>()(
    (value) => sql<{ deleted: number }>`
      with gone as (
        delete from ${sql.table(table)} where ctid = any(array(
          select ctid from ${sql.table(table)} where ${sql.ref(column)} < ${before} and ${only ?? sql`true`}
          order by ${sql.ref(column)} limit ${value.at_most} for update skip locked
        )) returning 1
      )
      select count(*) as deleted from gone`,
  )
  return async (db: Database): Promise<void> => {
    let deleted = atOnce
    while (deleted === atOnce) deleted = (await part.first(db, { at_most: atOnce }))?.deleted ?? 0
  }
}
