// The PostgreSQL that Frontdesk brings along: made, started, adopted, watched over and stopped here.
// It knows nothing of tables or pools; the rest of the product gets a connection and speaks SQL to it.
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { acquire } from './acquire.ts'
import { findBinaries } from './binaries.ts'
import { ensureCluster, ensureDataDir, removeUnfinished } from './cluster.ts'
import { alreadyOwned } from './errors.ts'
import { removeForgottenLogs } from './log-file.ts'
import { connect, connectionTo, disconnect } from './ownership.ts'
import { lookForServer } from './pid-file.ts'
import { chooseUser, claim } from './server-user.ts'
import { supervise } from './supervise.ts'
import type { Cluster, EmbeddedConnection, EmbeddedLog } from './types.ts'

export { EmbeddedPostgresError } from './errors.ts'
export type { EmbeddedConnection, EmbeddedLog } from './types.ts'

const CLI_PATIENCE_MS = 30_000

export interface EmbeddedPostgres {
  readonly connection: EmbeddedConnection
  stop(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  dataDir: string
  pgBin?: string | undefined
  settings?: Record<string, string>
  log: EmbeddedLog
}

/**
 * Owns the cluster in `${dataDir}/postgres`: makes it at the first start, starts a server for it, or adopts
 * one that outlived its killed owner. Only one process at a time; another gets an EmbeddedPostgresError.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const began = Date.now()
  const cluster = await prepare(options)
  const owned = await acquire(cluster, new AbortController().signal)
  if (owned.outcome !== 'owned') throw alreadyOwned(cluster.dataDir)

  const { connection, pid, adopted } = owned
  const stop = supervise(cluster, owned)
  await removeUnfinished(cluster.dataDir, 0)
  await removeForgottenLogs(cluster.dataDir)
  const message = adopted ? 'Adopted the PostgreSQL that was running' : 'PostgreSQL started'
  cluster.log.info({ pid, socket: connection.host, ms: Date.now() - began }, message)
  return { connection, stop }
}

async function prepare(options: EmbeddedPostgresOptions): Promise<Cluster> {
  const { pgBin, settings = {}, log } = options
  const dataDir = resolve(options.dataDir)
  const folder = join(dataDir, 'postgres')
  await ensureDataDir(dataDir)
  const user = await chooseUser(folder)
  const binaries = await findBinaries({ pgBin, dataDir, user })
  const cluster = { dataDir, folder, binaries, user, settings, log }
  await ensureCluster(cluster)
  await claim(folder, user)
  return cluster
}

/** Where the cluster in dataDir listens, if a server for it runs now; for commands beside a running desk. */
export async function findRunningPostgres(
  options: Pick<EmbeddedPostgresOptions, 'dataDir' | 'pgBin'>,
): Promise<EmbeddedConnection | undefined> {
  const dataDir = resolve(options.dataDir)
  const folder = join(dataDir, 'postgres')
  // Says so when it is not ours to look at, where a mere look would find nothing.
  await chooseUser(folder)
  const deadline = Date.now() + CLI_PATIENCE_MS
  for (; Date.now() < deadline; await delay(10)) {
    const seen = await lookForServer(folder)
    if (seen.state === 'absent') return undefined
    if (seen.state === 'busy') continue
    const connection = await connectionTo(seen.at, dataDir)
    const client = await connect(connection).catch(() => undefined)
    if (!client) continue
    await disconnect(client)
    return connection
  }
  return undefined
}
