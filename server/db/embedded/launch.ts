// Starting one postmaster. It belongs to the cluster, not to us: it lives on when we are killed.
import type { ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { closeLog, dropLog, keepLog, lastWords, openLog } from './log-file.ts'
import type { LogFile } from './log-file.ts'
import { readPidFile } from './pid-file.ts'
import { serverFlags } from './settings.ts'
import type { Address } from './settings.ts'
import { runOnFolder } from './spawning.ts'
import type { Cluster } from './types.ts'

const POLL_MS = 10
const SAY_SO_EVERY_MS = 10_000
const ABORT_PATIENCE_MS = 1_000

/** `beaten`: another process has the cluster, or has it for a moment still. `failed`: no use to try again. */
export type Launch =
  | { outcome: 'ready'; pid: number }
  | { outcome: 'beaten'; reason: string }
  | { outcome: 'failed'; reason: string }
  | { outcome: 'aborted' }

export async function launch(cluster: Cluster, address: Address, signal: AbortSignal): Promise<Launch> {
  const log = openLog(cluster.dataDir)
  try {
    const launched = await follow(spawnServer(cluster, address, log), cluster, log, signal)
    if (launched.outcome === 'failed') await keepLog(log, cluster.dataDir)
    return launched
  } finally {
    await dropLog(log)
  }
}

function spawnServer(cluster: Cluster, address: Address, log: LogFile): ChildProcess {
  const runFolder = process.platform === 'win32' ? undefined : address.host
  const run = {
    program: cluster.binaries.postgres,
    flags: serverFlags(cluster, address),
    folder: cluster.folder,
    runFolder,
    output: log.descriptor,
    // A session of its own: Ctrl+C and other signals to our process group must not reach it.
    detached: true,
  }
  try {
    const child = runOnFolder(run, cluster)
    child.unref()
    return child
  } finally {
    closeLog(log)
  }
}

/** Until it is ready, has ended, or (when we are to stop) has had a second to end. */
async function follow(
  child: ChildProcess,
  cluster: Cluster,
  log: LogFile,
  signal: AbortSignal,
): Promise<Launch> {
  let ended: string | undefined
  child.once('error', (error) => {
    ended = error.message
  })
  child.once('exit', (code, by) => {
    ended = by ? `it was stopped by ${by}` : `it ended with code ${code}`
  })
  let saidSo = Date.now()
  let abortedAt: number | undefined
  for (; ; await delay(POLL_MS)) {
    const seen = await readPidFile(cluster.folder)
    if (ended !== undefined) {
      const reason = (await lastWords(log)) || ended
      if (signal.aborted) return { outcome: 'aborted' }
      return { outcome: isAboutAnother(reason) ? 'beaten' : 'failed', reason }
    }
    if (seen !== undefined && seen.pid === child.pid) {
      await keepLog(log, cluster.dataDir)
      if (seen.status === 'ready') return { outcome: 'ready', pid: seen.pid }
    }
    if (signal.aborted) {
      if (abortedAt === undefined) child.kill('SIGINT')
      abortedAt ??= Date.now()
      if (Date.now() - abortedAt > ABORT_PATIENCE_MS) return { outcome: 'aborted' }
    }
    // No limit of our own: recovery after a power cut takes its time, and it must not be cut short.
    if (Date.now() - saidSo > SAY_SO_EVERY_MS) {
      saidSo = Date.now()
      cluster.log.info({ pid: child.pid, folder: cluster.folder }, 'PostgreSQL is still starting')
    }
  }
}

function isAboutAnother(reason: string): boolean {
  return /lock file .*(already exists|is empty)|shared memory block .* still in use/.test(reason)
}
