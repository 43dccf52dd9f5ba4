import { sql } from 'kysely'
import type { Database } from './database.ts'
import { statement } from './statement.ts'

/** Few enough that one call, for which every other caller waits, is over within milliseconds. */
const atOnce = 1_000

const relayOutbox = statement<{ at_most: number }>()(
  (value) => sql<{ relayed: number }>`select relay_outbox(${value.at_most}::integer) as relayed`,
)

/** Puts all that waits in the outbox into the chain (audit_chain). Any number of callers: one of them works at a time. */
export async function relay(db: Database): Promise<void> {
  for (let relayed = atOnce; relayed === atOnce;) {
    relayed = (await relayOutbox.first(db, { at_most: atOnce }))?.relayed ?? 0
  }
}
