// Connections to the database, and the jobs that wait in it: looked at when somebody asks for the metrics, never in between.
import { setTimeout as pause } from 'node:timers/promises'
import { Gauge, type Registry } from 'prom-client'
import { type Database, isUnavailable } from '../db/database.ts'
import { countQueue, type QueueCounts } from '../jobs/queue-repository.ts'

/** What a pg.Pool says of itself. */
export interface PoolLoad {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
  readonly options: { readonly max: number }
}

export function measurePool(pool: PoolLoad, registry: Registry) {
  registry.registerMetric(
    new Gauge({
      name: 'frontdesk_pool_connections',
      help: 'Connections to the database that answer requests, by state (busy or idle).',
      labelNames: ['state'],
      registers: [],
      collect() {
        this.set({ state: 'busy' }, pool.totalCount - pool.idleCount)
        this.set({ state: 'idle' }, pool.idleCount)
      },
    }),
  )
  new Gauge({
    name: 'frontdesk_pool_connections_max',
    help: 'How many connections there may be at most.',
    registers: [registry],
  }).set(pool.options.max)
  registry.registerMetric(
    new Gauge({
      name: 'frontdesk_pool_waiting',
      help: 'Statements that wait for a connection.',
      registers: [],
      collect() {
        this.set(pool.waitingCount)
      },
    }),
  )
}

interface Look {
  /** An answer, even that we may not look at the jobs, is an answer. */
  readonly up: boolean
  readonly jobs?: QueueCounts | undefined
}

const states = ['due', 'later', 'running', 'failed'] as const

/** As long as /readyz waits. */
const patience = 500

export function measureDatabase(db: Database, registry: Registry) {
  let asking: Promise<Look> | undefined

  // However often it is asked, one question at a time: one without an answer yet is not asked again.
  function look(): Promise<Look> {
    asking ??= countQueue
      .first(db, {})
      .then(
        (jobs) => ({ up: true, jobs }),
        (error: unknown) => ({ up: !isUnavailable(error) }),
      )
      .finally(() => (asking = undefined))
    return Promise.race([asking, pause(patience, { up: false }, { ref: false })])
  }

  registry.registerMetric(
    new Gauge({
      name: 'frontdesk_database_up',
      help: 'Whether the database answered within half a second (1) or not (0).',
      registers: [],
      async collect() {
        this.set((await look()).up ? 1 : 0)
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'frontdesk_jobs',
      help: 'Jobs in the database by state: due, later, running, or failed for good. Of more than 10000 jobs, 10000 are looked at.',
      labelNames: ['state'],
      registers: [],
      async collect() {
        const { jobs } = await look()
        this.reset()
        if (jobs) for (const state of states) this.set({ state }, jobs[state])
      },
    }),
  )
}
