// The cluster on disk: made whole or not at all, and never over something else.
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, EmbeddedPostgresError, messageOf } from './errors.ts'
import { runInitdb } from './initdb.ts'
import type { Cluster } from './types.ts'

const UNFINISHED = 'postgres.new-'
const ABANDONED_AFTER_MS = 10 * 60_000

export async function ensureDataDir(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new EmbeddedPostgresError(
      `Cannot make the folder DATA_DIR ${dataDir}: ${messageOf(error)}. ` +
        'Make it yourself for the user who runs Frontdesk, or choose another DATA_DIR.',
    )
  })
}

/** Makes the cluster if there is none. Two processes may do this at once: the first rename wins. */
export async function ensureCluster(cluster: Cluster): Promise<void> {
  const version = await clusterVersion(cluster.folder)
  if (version === undefined) return await initialise(cluster)
  if (version === cluster.binaries.major) return
  throw new EmbeddedPostgresError(
    `The database in ${cluster.folder} was made by PostgreSQL ${version}, but ` +
      `${cluster.binaries.postgres} is PostgreSQL ${cluster.binaries.major}, which cannot open it. ` +
      `Set FRONTDESK_PG_BIN to a PostgreSQL ${version}, or choose another DATA_DIR.`,
  )
}

async function clusterVersion(folder: string): Promise<number | undefined> {
  const text = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (text !== undefined) return Number(text)
  const entries = await readdir(folder).catch(() => [])
  if (entries.length === 0) return undefined
  throw new EmbeddedPostgresError(
    `${folder} is not empty, yet not a PostgreSQL database. Move it away, or choose another DATA_DIR.`,
  )
}

async function initialise(cluster: Cluster): Promise<void> {
  const { dataDir, folder, log } = cluster
  const began = Date.now()
  await removeUnfinished(dataDir, ABANDONED_AFTER_MS)
  const unfinished = await mkdtemp(join(dataDir, UNFINISHED)).catch((error: unknown) => {
    throw new EmbeddedPostgresError(
      `Cannot write to DATA_DIR ${dataDir}: ${messageOf(error)}. Let the user who runs ` +
        'Frontdesk write to it, or choose another DATA_DIR.',
    )
  })
  try {
    await runInitdb(unfinished, cluster)
    await rename(unfinished, folder)
    await syncFolder(dataDir)
    log.info({ folder, ms: Date.now() - began }, 'Made a new PostgreSQL database')
  } catch (error) {
    // Another process was faster and has a whole cluster: that one it is, for both.
    if ((await clusterVersion(folder).catch(() => undefined)) !== undefined) return
    if (['EBUSY', 'EXDEV', 'ENOTDIR'].includes(codeOf(error))) {
      throw new EmbeddedPostgresError(
        `${folder} is a volume or a link of its own. Use that for ${dataDir} instead.`,
      )
    }
    throw error
  } finally {
    await rm(unfinished, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** What killed first starts left behind. Only the owner may remove young ones: others may be at work. */
export async function removeUnfinished(dataDir: string, olderThanMs: number): Promise<void> {
  const entries = await readdir(dataDir).catch(() => [])
  for (const name of entries.filter((entry) => entry.startsWith(UNFINISHED))) {
    const path = join(dataDir, name)
    const age = await stat(path).then(
      (entry) => Date.now() - entry.mtimeMs,
      () => 0,
    )
    if (age >= olderThanMs)
      await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
  }
}

/** A rename survives a power cut only once its folder is written. Windows cannot open folders. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
