import { sql } from 'kysely'
import type { Database } from './database.ts'
import { statement } from './statement.ts'

/** Tables whose rows have a version. */
const tables = ['customers', 'oauth_clients', 'posts', 'tickets', 'users'] as const
export type Versioned = (typeof tables)[number]

const statements = new Map(
  tables.map((table) => [
    table,
    statement<{ id: number }>()(
      (value) =>
        sql<{ version: number }>`select version from ${sql.table(table)} where id = ${value.id} for update`,
    ),
  ]),
)

/** Keeps everybody else from the row until the transaction ends, and answers its version; undefined where there is none. */
export async function lockVersion(db: Database, table: Versioned, id: number): Promise<number | undefined> {
  return (await statements.get(table)?.first(db, { id }))?.version
}
