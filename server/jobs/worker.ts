// Work that nobody waits for, kept in the same database (graphile-worker). It knows no module: tasks are handed to it.
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Logger, run, type Runner, runMigrations, type TaskList } from 'graphile-worker'
import { type ConnectionOptions, openPool, ownersRights } from '../db/database.ts'
import type { Log } from '../log.ts'
import { jobEvents, type JobListener } from './job-events.ts'

export interface Task {
  /** When to run it, in cron's words (UTC). */
  readonly schedule: string
  work(): Promise<void>
}

export type Tasks = Readonly<Record<string, Task>>

export interface Worker {
  stop(): Promise<void>
}

const connections = 3

/** Brings the queue's own tables (schema graphile_worker) up to date. */
export async function migrateJobs(connection: ConnectionOptions, log: Log): Promise<void> {
  const pool = openPool(connection, log, ownersRights, 1)
  try {
    await runMigrations({ pgPool: pool, logger: loggerOf(log) })
  } finally {
    await pool.end()
  }
}

/** Many workers may run, in this process and in others: each job is done by one. `listener` hears how each run ended. */
export async function startWorker(
  connection: ConnectionOptions,
  tasks: Tasks,
  log: Log,
  listener: JobListener = () => {},
): Promise<Worker> {
  const pool = openPool(connection, log, ownersRights, connections)
  const taskList: TaskList = Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [name, () => task.work()]),
  )
  const crontab = Object.entries(tasks)
    .map(([name, task]) => `${task.schedule} ${name} ?max=3`)
    .join('\n')
  const begin = () =>
    run({
      pgPool: pool,
      taskList,
      crontab,
      concurrency: 2,
      noHandleSignals: true,
      logger: loggerOf(log),
      events: jobEvents(listener),
    })

  const stopping = new AbortController()
  const first = await begin()
  const working = keepRunning(first, begin, stopping.signal, log)
  return {
    async stop() {
      stopping.abort()
      await working
      await pool.end()
    },
  }
}

const failuresInARow = 5
const secondsBetweenTries = 2

/**
 * Begins anew when a runner has ended, or fails to fetch jobs time and again: graphile-worker 0.18 keeps a failed look-up of
 * its tasks for ever when the database went away in that moment, and would never work again.
 */
async function keepRunning(
  first: Runner,
  begin: () => Promise<Runner>,
  stopping: AbortSignal,
  log: Log,
): Promise<void> {
  let runner: Runner | undefined = first
  while (!stopping.aborted) {
    try {
      runner ??= await begin()
      await Promise.race([once(stopping, 'abort'), runner.promise, failingTimeAndAgain(runner)])
    } catch (error) {
      log.warn({ err: error }, 'the jobs stopped')
    }
    await runner?.stop().catch(() => {}) // it says so when it had stopped already
    runner = undefined
    // Ends early when told to stop.
    await pause(secondsBetweenTries * 1000, undefined, { signal: stopping }).catch(() => {})
  }
}

function failingTimeAndAgain({ events }: Runner): Promise<never> {
  return new Promise((_resolve, reject) => {
    let failures = 0
    events.on('worker:getJob:empty', () => void (failures = 0))
    events.on('job:start', () => void (failures = 0))
    events.on('worker:getJob:error', ({ error }) => {
      failures += 1
      if (failures === failuresInARow) reject(error instanceof Error ? error : new Error(String(error)))
    })
  })
}

/** Of what graphile-worker tells, its own words and the error's; not a job's payload, nor a driver's fields. */
function loggerOf(log: Log): Logger {
  const levels = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const
  return new Logger(() => (level, message, meta) => {
    const error: unknown = meta?.['error'] ?? meta?.['reason']
    log[levels[level]](error === undefined ? {} : { err: error }, message)
  })
}
