// A running desk: the database ready, the jobs running, HTTP answering. Opened and closed in one order, here.
import type { Pool } from 'pg'
import { type FirstAdmin, authTasks, prepareFirstAdmin } from './auth/index.ts'
import { buildApp } from './app.ts'
import { type Closing, closingInTurn, orAborted } from './closing.ts'
import type { Config } from './config.ts'
import type { Context } from './context.ts'
import { customerTasks, photos } from './customers/index.ts'
import { joinDatabase, type OpenDatabase, openDatabase, reach, shareDatabase } from './db/connect.ts'
import { giveAppRights } from './db/app-role.ts'
import { openPool, ownersRights, poolSize, type Rights } from './db/database.ts'
import { forgettingIdle } from './db/idle-connections.ts'
import { listen } from './db/listen.ts'
import { migrate } from './db/migrate.ts'
import { unavailable } from './errors.ts'
import { feedTasks } from './feed/index.ts'
import { openFiles } from './files/open-files.ts'
import { openPictures } from './files/pictures.ts'
import { sweepFiles } from './files/sweep.ts'
import { idempotencyTasks } from './http/idempotency.ts'
import { migrateJobs, startWorker, type Tasks } from './jobs/worker.ts'
import type { Log } from './log.ts'
import { mailTasks } from './mail/mail-tasks.ts'
import { mailerOf } from './mail/mailer.ts'
import { measurePool } from './metrics/database-metrics.ts'
import { measureJobs } from './metrics/job-metrics.ts'
import { newRegistry } from './metrics/registry.ts'
import { notificationTasks } from './notifications/index.ts'
import { oauthTasks } from './oauth/index.ts'
import { secretKeyOf } from './secret-key.ts'
import { attachments } from './tickets/index.ts'

export interface Open {
  /** Where the data lies, for people. */
  readonly place: string
  /** Resolves when it can go on no longer, because a database that another process owns has stopped. */
  readonly gone?: Promise<void> | undefined
  /** Finishes what is in flight, then lets go of everything, within ten seconds. */
  close(): Promise<void>
}

export interface Desk extends Open {
  readonly address: string
  readonly firstAdmin: FirstAdmin
}

/** As long as any statement may take, and short enough for all the rest to stop within ten seconds. */
const drainMilliseconds = 5_000

/** An aborted `signal` ends the opening with its reason, and closes what was open by then. */
export function openDesk(config: Config, log: Log, signal: AbortSignal): Promise<Desk> {
  return opening(log, async (closing) => {
    const { ctx, database, pool } = await openPrepared(config, log, signal, closing, openDatabase)
    const firstAdmin = await prepareFirstAdmin(ctx)
    const registry = newRegistry()
    measurePool(pool, registry)
    const secret = await secretKeyOf(config)
    const { api, listeners } = await buildApp(ctx, secret, registry)
    const hearing = await listen(database.connection, listeners, log, forgettingIdle(pool))
    closing.add('the line for announcements', () => hearing.stop(), 500)
    signal.throwIfAborted()
    const worker = await startWorker(database.connection, tasksOf(ctx, secret), log, measureJobs(registry))
    const answerWhatIsInFlight = async () => {
      // A connection whose last request has been answered would otherwise be kept for the next one, which cannot come.
      const tidying = setInterval(() => api.server.closeIdleConnections(), 20)
      const impatience = setTimeout(() => api.server.closeAllConnections(), drainMilliseconds)
      await api.close()
      clearInterval(tidying)
      clearTimeout(impatience)
    }
    closing.add(
      'requests and jobs',
      () => Promise.all([answerWhatIsInFlight(), worker.stop()]),
      drainMilliseconds + 500,
    )
    signal.throwIfAborted()
    const address = await api.listen({ host: config.host, port: config.port }).catch((error: unknown) => {
      throw error instanceof Error && 'syscall' in error && error.syscall === 'getaddrinfo'
        ? unavailable(`HOST ${config.host} is not an address of this machine (${error.message}).`, error)
        : error
    })
    return { address, place: database.place, firstAdmin }
  })
}

export const tasksOf = (ctx: Context, secret: string): Tasks => ({
  ...authTasks(ctx),
  ...customerTasks(ctx),
  ...feedTasks(ctx),
  ...idempotencyTasks(ctx),
  ...mailTasks(ctx),
  ...notificationTasks(ctx, secret),
  ...oauthTasks(ctx, secret),
  sweep_files: {
    schedule: '43 * * * *',
    work: () => sweepFiles(ctx, [photos.photoFiles, attachments.attachmentFiles]),
  },
})

/** Does the jobs and serves nothing. */
export function openWorker(config: Config, log: Log, signal: AbortSignal): Promise<Open> {
  return opening(log, async (closing) => {
    const { ctx, database } = await openPrepared(config, log, signal, closing, joinDatabase)
    const tasks = tasksOf(ctx, await secretKeyOf(config))
    const worker = await startWorker(database.connection, tasks, log)
    closing.add('the jobs', () => worker.stop(), drainMilliseconds)
    return { place: database.place, gone: database.gone }
  })
}

/** For a command that comes and goes: the database ready, and nothing running on it. */
export function openPreparedDatabase(
  config: Config,
  log: Log,
  signal: AbortSignal,
): Promise<Open & Prepared> {
  return opening(log, (closing) => openPrepared(config, log, signal, closing, shareDatabase))
}

interface Prepared {
  readonly ctx: Context
  readonly applied: readonly string[]
}

async function openPrepared(
  config: Config,
  log: Log,
  signal: AbortSignal,
  closing: Closing,
  openIt: (config: Config, log: Log, signal: AbortSignal) => Promise<OpenDatabase>,
): Promise<Prepared & { database: OpenDatabase; place: string; pool: Pool }> {
  const database = await openIt(config, log, signal)
  closing.add('the database', () => database.close(), 9_000)
  // The application's role may not be there yet.
  const first = openPool(database.connection, log, ownersRights, 1)
  closing.add('the first connection', () => first.end(), 1_000)
  await reach(first, database.place, log, signal)
  // Nothing of a migration that is cut off by leaving is kept, so it need not be waited for.
  const { applied, rights } = await orAborted(prepareDatabase(database, log), signal)
  const pool = openPool(database.connection, log, rights, poolSize, config.requestsAtOnce / 2)
  closing.add('the connections', () => pool.end(), 1_000)
  const pictures = openPictures()
  closing.add('the reading of pictures', async () => pictures.close(), 1_000)
  const files = await openFiles(config)
  const ctx: Context = {
    config,
    db: pool,
    files,
    pictures,
    mailer: mailerOf(config, log),
    log,
    clock: Date.now,
  }
  return { ctx, database, place: database.place, pool, applied }
}

async function opening<T extends object>(
  log: Log,
  open: (closing: Closing) => Promise<T>,
): Promise<T & { close(): Promise<void> }> {
  const closing = closingInTurn(log)
  try {
    return { ...(await open(closing)), close: () => closing.close() }
  } catch (error) {
    await closing.close()
    throw error
  }
}

/** Brings the tables up to this version; answers what was applied, and with whose rights the application works on them. */
export async function prepareDatabase(
  { connection, trusts }: Pick<OpenDatabase, 'connection' | 'trusts'>,
  log: Log,
): Promise<{ applied: string[]; rights: Rights }> {
  let rights = ownersRights
  const applied = await migrate(connection, {
    afterwards: async (client) => {
      await migrateJobs(connection, log)
      rights = await giveAppRights(client, log, { trusts })
    },
  })
  return { applied, rights }
}
