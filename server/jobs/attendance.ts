// A process that is killed in the middle of a job tells nobody. graphile-worker gives such a job to another worker after four
// hours; here it takes a minute (decision 0006).
import { setTimeout as pause } from 'node:timers/promises'
import type { WorkerEvents } from 'graphile-worker'
import type { Database } from '../db/database.ts'
import type { Log } from '../log.ts'
import { attend } from './attendance-repository.ts'

const between = 5_000

export interface Attendance {
  /** The workers of these events are here from their making to their end. */
  watch(events: WorkerEvents): WorkerEvents
  /** Tells of them until `stopping` is aborted. */
  keep(stopping: AbortSignal): Promise<void>
}

export function attendance(db: Database, log: Log): Attendance {
  const here = new Set<string>()

  async function tell() {
    try {
      const gone = await attend.first(db, { ids: [...here] })
      if (gone) log.warn({ workers: gone.lost }, 'these workers are gone; others do what they had begun')
    } catch (error) {
      log.warn({ err: error }, 'could not tell that the workers are here')
    }
  }

  return {
    watch(events) {
      // A process's workers lock jobs in the name of their pool.
      events.on('pool:create', ({ workerPool }) => {
        here.add(workerPool.id)
        void tell()
      })
      events.on('pool:release', ({ pool }) => void here.delete(pool.id))
      return events
    },
    async keep(stopping) {
      while (!stopping.aborted) {
        await tell()
        await pause(between, undefined, { signal: stopping }).catch(() => {})
      }
    },
  }
}
