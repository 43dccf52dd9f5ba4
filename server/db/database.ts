// The one handle to PostgreSQL: a pool, or inside inTransaction the one connection that holds the transaction.
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../log.ts'
import { BoundedPool } from './bounded-pool.ts'

export interface Query {
  /** Prepared once per connection under this name. */
  readonly name?: string
  readonly text: string
  readonly values?: readonly unknown[]
}

export interface Database {
  query(query: Query): Promise<{ readonly rows: readonly unknown[] }>
}

export type ConnectionOptions = Pick<
  pg.ClientConfig,
  'connectionString' | 'host' | 'port' | 'user' | 'database' | 'password'
>

// Numbers: every bigint of ours is an id or a count below 2^53. Times pass as text, in UTC with all six digits: half of
// what a Date costs, no microsecond lost, and equal times are equal strings.
const types = new pg.TypeOverrides()
types.setTypeParser(pg.types.builtins.INT8, Number)
types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, rfc3339)

/** `2026-11-21 09:30:00.5+00` to `2026-11-21T09:30:00.500000Z` (the sessions' time zone is UTC). */
export function rfc3339(value: string): string {
  if (!value.endsWith('+00')) return value // infinity, and years before Christ, are none of ours
  const time = value.slice(11, -3)
  const micros = time.length === 8 ? `${time}.000000` : time.padEnd(15, '0')
  return `${value.slice(0, 10)}T${micros}Z`
}

/**
 * What every session of ours is set to; sent in the start packet, so that it costs no round trip. Statements are written so
 * that one plan is good for all values (list-statement.ts); planning them anew cost a page of a filtered list 0.2 ms of 0.6.
 */
const session =
  '-c timezone=UTC -c statement_timeout=5s -c lock_timeout=2s -c idle_in_transaction_session_timeout=10s -c jit=off ' +
  '-c plan_cache_mode=force_generic_plan'

/**
 * Whose rights a session has: those of the tables' owner, whom the connection signs in as, or the application's, which are
 * fewer (app-role.ts). `settings` are more of the session's, as `-c name=value`; `user` is who signs in in place of the owner.
 */
export interface Rights {
  readonly settings: string
  readonly user?: string
}

/** For bringing tables up to date, and for the jobs' own tables. What answers requests has the application's. */
export const ownersRights: Rights = { settings: '' }

export function clientOptions(connection: ConnectionOptions, { settings, user }: Rights = ownersRights) {
  return {
    ...connection,
    ...(user === undefined ? {} : { user }),
    ...withOurSession(connection.connectionString, settings),
    types,
    application_name: 'frontdesk',
    keepAlive: true,
    connectionTimeoutMillis: 3000,
  } satisfies pg.ClientConfig
}

/** A URL's own `options` would replace ours, so they are joined; of two settings of one name the last holds. */
function withOurSession(connectionString: string | undefined, settings: string) {
  const ours = settings === '' ? session : `${session} ${settings}`
  const url = connectionString === undefined ? undefined : new URL(connectionString)
  const theirs = url?.searchParams.get('options')
  if (!url || theirs == null) return { options: ours }
  url.searchParams.set('options', `${theirs} ${ours}`)
  return { connectionString: url.href }
}

/** Measured on two cores: 8 did best; with 4 or 16 writes lost a fifth. */
export const poolSize = 8

/** `max` connections, for which `waiting` callers may wait. */
export function openPool(
  connection: ConnectionOptions,
  log: Log,
  rights: Rights,
  max = poolSize,
  waiting = Number.POSITIVE_INFINITY,
): pg.Pool {
  // Longer than PostgreSQL lets a statement run: an answer that is not there by then is lost with its connection.
  const options = {
    ...clientOptions(connection, rights),
    max,
    idleTimeoutMillis: 30_000,
    query_timeout: 6_000,
  }
  const pool = new BoundedPool(options, waiting)
  // An idle connection that breaks is replaced at the next query; the callers of a busy one get its error themselves.
  pool.on('error', (error) => {
    if (!pool.ending) log.warn({ err: error }, 'lost an idle database connection')
  })
  pool.on('connect', (client) => client.on('error', () => {}))
  pool.on('release', (_error, client) => {
    if (owesAnAnswer(client)) void client.end()
  })
  return pool
}

/**
 * When a statement was given up, and its connection was given back all the same: whoever had it next would wait behind that
 * statement, for ever where the other end is silent. (`readyForQuery` is part of `pg`, not of its types.)
 */
function owesAnAnswer(client: pg.PoolClient & { readonly readyForQuery?: boolean | null }): boolean {
  return client.readyForQuery === false
}

/** True for the errors that say "no database there now", as opposed to "your statement is wrong". */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  // A socket that is not there, as opposed to a file of ours that is missing.
  if (code === 'ENOENT') return 'syscall' in error && error.syscall === 'connect'
  return (
    /^(08...|57P0[1235]|53...|58030|25006|25P03|40001|40P01|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/.test(
      code,
    ) ||
    /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
      error.message,
    )
  )
}

/** Waits for a database that is still starting, e.g. beside us in Docker Compose. */
export async function waitForDatabase(db: Database, log: Log, milliseconds = 30_000): Promise<void> {
  const deadline = Date.now() + milliseconds
  for (;;) {
    try {
      await db.query({ text: 'select 1' })
      return
    } catch (error) {
      if (!isUnavailable(error) || Date.now() > deadline) throw error
      log.info({ reason: error instanceof Error ? error.message : String(error) }, 'waiting for the database')
      await pause(500)
    }
  }
}

/** The name of the unique key or exclusion that a statement ran against (SQLSTATE 23505); undefined for any other error. */
export function violatedKey(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError && error.code === '23505' ? error.constraint : undefined
}
