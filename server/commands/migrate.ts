// `frontdesk migrate`: brings the database up to this version and leaves.
import type { Config } from '../config.ts'
import { say } from './say.ts'
import { withDatabase } from './with-database.ts'

export function migrateDatabase(config: Config): Promise<void> {
  return withDatabase(config, async (_ctx, applied) => {
    for (const name of applied) say(`applied ${name}`)
    say(applied.length === 0 ? 'The database is up to date.' : 'The database is up to date now.')
  })
}
