// PostgreSQL's postmaster.pid: who serves the cluster, where, and how far it is. Read here, written by it.
import { link, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { codeOf } from './errors.ts'
import { isAlive, servesCluster, signalsReach } from './processes.ts'

export interface PidFile {
  pid: number
  port: number
  socketFolder: string
  listenAddress: string
  status: string
  text: string
}

export type Sighting =
  | { state: 'absent'; remnant: PidFile | undefined }
  | { state: 'busy'; pid: number; reason: string }
  | { state: 'ready'; pid: number; at: PidFile }

// PostgreSQL creates the file empty and fills it at once; one that stays empty is left from a power cut.
const EMPTY_IS_STALE_MS = 5_000

export async function readPidFile(folder: string): Promise<PidFile | undefined> {
  const text = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const lines = text.split('\n').map((line) => line.trim())
  return {
    // A standalone backend writes its number negated.
    pid: Math.abs(Number.parseInt(lines[0] ?? '', 10)) || 0,
    port: Number.parseInt(lines[3] ?? '', 10) || 0,
    socketFolder: lines[4] ?? '',
    listenAddress: lines[5] ?? '',
    status: lines[7] ?? '',
    text,
  }
}

/** What the pid file and the process table say. That a server is ready does not yet mean it lets us in. */
export async function lookForServer(folder: string): Promise<Sighting> {
  const at = await readPidFile(folder)
  if (!at) return { state: 'absent', remnant: undefined }
  if (at.pid === 0) {
    const age = await stat(join(folder, 'postmaster.pid')).then(
      (file) => Date.now() - file.mtimeMs,
      () => 0,
    )
    if (age > EMPTY_IS_STALE_MS) return { state: 'absent', remnant: at }
    return { state: 'busy', pid: 0, reason: 'a server is about to start' }
  }
  if (!isAlive(at.pid) || !servesCluster(at.pid, folder)) return { state: 'absent', remnant: at }
  if (at.status === 'ready' || at.status === 'standby') return { state: 'ready', pid: at.pid, at }
  const reason = at.status === 'stopping' ? 'it is shutting down' : 'it is starting up'
  return { state: 'busy', pid: at.pid, reason }
}

/**
 * Takes away a pid file that would make PostgreSQL refuse to start although its server is gone: its number
 * now belongs to somebody else, or it is empty. One whose number is free PostgreSQL handles better itself.
 */
export async function removeMisleadingPidFile(folder: string, remnant: PidFile): Promise<void> {
  if (remnant.pid !== 0 && !signalsReach(remnant.pid)) return
  const path = join(folder, 'postmaster.pid')
  const aside = `${path}.${randomUUID()}`
  // Moved and read again, since another start may have put a living server's file there meanwhile.
  await rename(path, aside).catch(() => undefined)
  const text = await readFile(aside, 'utf8').catch(() => undefined)
  if (text !== undefined && text !== remnant.text) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}
