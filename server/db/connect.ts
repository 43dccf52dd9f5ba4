// Which PostgreSQL: the one that DATABASE_URL names, or our own.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { orAborted } from '../closing.ts'
import type { Config } from '../config.ts'
import { unavailable } from '../errors.ts'
import type { Log } from '../log.ts'
import { type ConnectionOptions, type Database, waitForDatabase } from './database.ts'
import { findRunningPostgres, startEmbeddedPostgres } from './embedded/index.ts'

export interface OpenDatabase {
  readonly connection: ConnectionOptions
  /** True where it lets in whoever reaches it, by any name: nobody but us reaches our own. */
  readonly trusts: boolean
  /** What to tell a person: where the data lies. */
  readonly place: string
  /** Resolves when a PostgreSQL that another process owns has stopped for good. */
  readonly gone?: Promise<void>
  /** Stops PostgreSQL where it is ours. */
  close(): Promise<void>
}

/** False where opening the database would make one. */
export function hasDatabase({ databaseUrl, dataDir }: Config): boolean {
  return databaseUrl !== undefined || existsSync(join(dataDir, 'postgres', 'PG_VERSION'))
}

/** For the process that serves: owns the embedded PostgreSQL. Throws where another process does. */
export async function openDatabase(config: Config, log: Log): Promise<OpenDatabase> {
  if (config.databaseUrl !== undefined) return outside(config.databaseUrl)
  const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, pgBin: config.postgresBin, log })
  const { connection } = postgres
  return { connection, trusts: trusts(connection), place: config.dataDir, close: () => postgres.stop() }
}

/** For a command that may run beside a serving process: shares its embedded PostgreSQL, or starts it for as long as it needs. */
export async function shareDatabase(config: Config, log: Log): Promise<OpenDatabase> {
  if (config.databaseUrl !== undefined) return outside(config.databaseUrl)
  const connection = await findRunningPostgres({ dataDir: config.dataDir, pgBin: config.postgresBin })
  if (connection)
    return { connection, trusts: trusts(connection), place: config.dataDir, close: async () => {} }
  return openDatabase(config, log)
}

/** For a worker: shares the embedded PostgreSQL of a desk, and never owns one, or no desk could start beside it. */
export async function joinDatabase(config: Config, log: Log, signal: AbortSignal): Promise<OpenDatabase> {
  if (config.databaseUrl !== undefined) return outside(config.databaseUrl)
  const { dataDir, postgresBin: pgBin } = config
  for (const deadline = Date.now() + deskPatience; ; await pause(500, undefined, { signal })) {
    const connection = await findRunningPostgres({ dataDir, pgBin })
    if (connection)
      return {
        connection,
        trusts: trusts(connection),
        place: dataDir,
        gone: goneFrom(connection.host),
        close: async () => {},
      }
    if (Date.now() > deadline) {
      throw unavailable(
        `No Frontdesk runs on DATA_DIR ${dataDir}, whose database this worker could share. Start one first, or set DATABASE_URL.`,
      )
    }
    log.info({ dataDir }, 'waiting for a Frontdesk whose database to share')
  }
}

const deskPatience = 30_000

/** A server that is brought back makes its socket's folder anew in a moment; one that was stopped takes it away. */
async function goneFrom(socketFolder: string): Promise<void> {
  if (process.platform === 'win32') return new Promise(() => {})
  for (let missed = 0; missed < 5; missed = existsSync(socketFolder) ? 0 : missed + 1) {
    await pause(1_000, undefined, { ref: false })
  }
}

/** The oldest PostgreSQL that the tests are run on. */
const oldest = 15

/** Waits for a database that is still starting, and says in a sentence what is wrong with one that cannot be used. */
export async function reach(db: Database, place: string, log: Log, signal: AbortSignal): Promise<void> {
  const version = await orAborted(
    waitForDatabase(db, log).then(() => majorVersion(db)),
    signal,
  ).catch((error: unknown) => {
    if (signal.aborted) throw error
    throw unavailable(`The database (${place}) cannot be used: ${wordsOf(error)}.`, error)
  })
  if (version < oldest)
    throw unavailable(`The database (${place}) is PostgreSQL ${version}; Frontdesk needs ${oldest} or newer.`)
}

async function majorVersion(db: Database): Promise<number> {
  const { rows } = await db.query({
    text: `select current_setting('server_version_num')::integer / 10000 as major`,
  })
  return (rows[0] as { major: number }).major
}

/** A name with several addresses fails with one error for each of them, and no words of its own. */
function wordsOf(error: unknown): string {
  const [told] = error instanceof AggregateError ? error.errors : [error]
  return told instanceof Error ? told.message : String(told)
}

/** On a socket of its own it asks for no password; on Windows, where it has a port, it does. */
const trusts = ({ password }: ConnectionOptions) => password === undefined

function outside(databaseUrl: string): OpenDatabase {
  const { host, pathname } = new URL(databaseUrl)
  return {
    connection: { connectionString: databaseUrl },
    trusts: false,
    place: `PostgreSQL at ${host}${pathname}`,
    close: async () => {},
  }
}
