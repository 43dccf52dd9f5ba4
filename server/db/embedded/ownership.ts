// Who owns a running server: whoever holds one advisory lock in it. The kernel closes the connection of a
// killed owner, and with it goes the lock; no file can say that as truthfully.
import { Client } from 'pg'
import { setTimeout as delay } from 'node:timers/promises'
import { codeOf } from './errors.ts'
import { USER } from './initdb.ts'
import type { PidFile } from './pid-file.ts'
import type { EmbeddedConnection } from './types.ts'
import { readPassword } from './windows.ts'

const DATABASE = 'frontdesk'
// The letters of "frontdsk" as a number. Migrations and jobs must use other keys.
const OWNER_LOCK = '7382915033101333355'
const RETRY_MS = 50

// Part of `pg` (client.js), not of its types.
declare module 'pg' {
  interface Client {
    unref(): void
  }
}

export async function connectionTo(at: PidFile, dataDir: string): Promise<EmbeddedConnection> {
  const where = { port: at.port, user: USER, database: DATABASE }
  if (process.platform !== 'win32') return { host: at.socketFolder, ...where }
  return { host: '127.0.0.1', ...where, password: await readPassword(dataDir) }
}

/** Connects, and throws what `pg` throws. */
export async function connect(connection: EmbeddedConnection): Promise<Client> {
  const client = new Client({
    ...connection,
    ssl: false,
    application_name: 'frontdesk owner',
    connectionTimeoutMillis: 3_000,
    // Settings of the owner of this machine for forgotten sessions must not end this one.
    options: '-c idle_session_timeout=0 -c statement_timeout=0 -c lock_timeout=0',
  })
  // Without a listener an unexpected end would be an uncaught exception; `end` is what we act on.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    await disconnect(client)
    throw error
  }
}

/** As connect, making the database at the very first time. */
export async function connectAsOwner(connection: EmbeddedConnection): Promise<Client> {
  try {
    return await connect(connection)
  } catch (error) {
    if (codeOf(error) !== '3D000') throw error
  }
  const client = await connect({ ...connection, database: 'postgres' })
  try {
    await client.query(`create database ${DATABASE}`)
  } catch (error) {
    // Another process made it in the same moment.
    if (!['42P04', '23505'].includes(codeOf(error))) throw error
  } finally {
    await disconnect(client)
  }
  return await connect(connection)
}

/** Waits a moment, since a killed owner's lock goes only when the server notices its end. */
export async function takeLock(client: Client, patienceMs: number, signal: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>(
      `select pg_try_advisory_lock(${OWNER_LOCK}) as taken`,
    )
    if (rows[0]?.taken) return true
    if (Date.now() >= deadline || signal.aborted) return false
    await delay(RETRY_MS)
  }
}

export async function disconnect(client: Client): Promise<void> {
  await client.end().catch(() => undefined)
}
