import { sql } from 'kysely'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'

export const channel = 'changes'

const notify = statement<object>()(() => sql`select pg_notify(${sql.lit(channel)}, '')`)

export async function announce(db: Database): Promise<void> {
  await notify.all(db, {})
}
