// For commands that come and go: the database, prepared, for as long as their work takes.
import { once } from 'node:events'
import type { Config } from '../config.ts'
import type { Context } from '../context.ts'
import { openPreparedDatabase } from '../desk.ts'
import { openLog } from '../log.ts'

/** `work` may answer the code to leave with; `applied` are the migrations that it took to prepare the database. On Ctrl+C it closes what it opened, and leaves. */
export async function withDatabase(
  config: Config,
  work: (ctx: Context, applied: readonly string[]) => Promise<number | void>,
): Promise<void> {
  const { log, flush } = openLog(config.logLevel)
  const interruption = new AbortController()
  const signals = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => once(process, name))
  const interrupted = Promise.race(signals).then(() => interruption.abort())
  let code = 0
  try {
    const database = await openPreparedDatabase(config, log, interruption.signal)
    try {
      code = (await Promise.race([work(database.ctx, database.applied), interrupted])) ?? 0
    } finally {
      await database.close()
    }
  } catch (error) {
    if (!interruption.signal.aborted) throw error
  } finally {
    flush()
  }
  process.exit(interruption.signal.aborted ? 130 : code)
}
