// Work that nobody waits for, kept in the same database (graphile-worker). It knows no module: tasks are handed to it.
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Logger, run, type Runner, runMigrations, type TaskList } from 'graphile-worker'
import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { type ConnectionOptions, openPool, ownersRights } from '../db/database.ts'
import type { Log } from '../log.ts'
import { attendance } from './attendance.ts'
import { jobEvents, type JobListener } from './job-events.ts'

export interface Task {
  /** When to run it, in cron's words (UTC). One without is run for each piece of work that a statement puts into the queue. */
  readonly schedule?: string
  /** What throws is tried again, later and later. `signal` is aborted where the process cannot wait for it any longer. */
  work(payload?: unknown, signal?: AbortSignal): Promise<void>
}

export type Tasks = Readonly<Record<string, Task>>

export interface Worker {
  stop(): Promise<void>
}

const connections = 3

/** In milliseconds; what is stopped then is tried again later. Less than the process has for stopping. */
const stoppingTime = 3_000

/** A task that is told what to work on, checked like whatever comes from outside. */
export function queuedTask<T extends TSchema>(
  payload: T,
  work: (payload: Static<T>, signal?: AbortSignal) => Promise<void>,
): Task {
  return { work: (given, signal) => work(Value.Parse(payload, given), signal) }
}

/** In the words of graphile-worker. */
export function taskListOf(tasks: Tasks): TaskList {
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]): [string, TaskList[string]] => [
      name,
      (payload, { abortSignal }) => task.work(payload, abortSignal),
    ]),
  )
}

/** Brings the queue's own tables (schema graphile_worker) up to date. */
export async function migrateJobs(connection: ConnectionOptions, log: Log): Promise<void> {
  const pool = openPool(connection, log, ownersRights, 1)
  try {
    await runMigrations({ pgPool: pool, logger: queueLogger(log) })
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
  const taskList = taskListOf(tasks)
  const crontab = Object.entries(tasks)
    .flatMap(([name, { schedule }]) => (schedule === undefined ? [] : [`${schedule} ${name} ?max=3`]))
    .join('\n')
  const attending = attendance(pool, log)
  const begin = () =>
    run({
      pgPool: pool,
      taskList,
      crontab,
      concurrency: 2,
      noHandleSignals: true,
      logger: queueLogger(log),
      events: attending.watch(jobEvents(listener)),
      // How a job ended is written down at once, and waited for by stopping: without these two it is neither (0.18).
      preset: {
        worker: {
          gracefulShutdownAbortTimeout: stoppingTime,
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
    })

  const stopping = new AbortController()
  const first = await begin()
  const working = Promise.all([
    keepRunning(first, begin, stopping.signal, log),
    attending.keep(stopping.signal),
  ])
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
export function queueLogger(log: Log): Logger {
  const levels = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const
  return new Logger(() => (level, message, meta) => {
    const error: unknown = meta?.['error'] ?? meta?.['reason']
    log[levels[level]](error === undefined ? {} : { err: error }, message)
  })
}
