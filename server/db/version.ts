import { sql } from 'kysely'
import type { Database } from './database.ts'
import { statement } from './statement.ts'

/** Tables whose rows have a version, and what is locked with a row of theirs. */
const tables = ['customers', 'oauth_clients', 'posts', 'tickets', 'users'] as const
export type Versioned = (typeof tables)[number]

const locking = statement<{ id: number }>()

const statements = new Map([
  ...tables.map((table) => {
    const row = (value: { id: number }) =>
      sql<{ version: number }>`select version from ${sql.table(table)} where id = ${value.id} for update`
    return [table, locking(row)] as const
  }),
  // Its ticket first, as whatever changes posts does: in the other order two of them would wait for each other.
  [
    'posts',
    locking(
      (value) => sql<{ version: number }>`
        select posts.version from tickets join posts on posts.ticket_id = tickets.id where posts.id = ${value.id}
        for update of tickets, posts`,
    ),
  ] as const,
])

/** Keeps everybody else from the row until the transaction ends, and answers its version; undefined where there is none. */
export async function lockVersion(db: Database, table: Versioned, id: number): Promise<number | undefined> {
  return (await statements.get(table)?.first(db, { id }))?.version
}
