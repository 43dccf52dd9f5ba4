// Asking the operating system about other processes. Knows nothing of starting or stopping them.
import { readFileSync, statSync } from 'node:fs'
import { codeOf } from './errors.ts'

/** Whether signals can reach a process of this id: the question PostgreSQL itself asks of a pid file. */
export function signalsReach(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** As above, but a zombie is dead: in a container without an init nobody may ever collect it. */
export function isAlive(pid: number): boolean {
  if (!signalsReach(pid)) return false
  if (process.platform !== 'linux') return true
  const stat = readOr(`/proc/${pid}/stat`, '')
  return !/\) [ZX] [^)]*$/.test(stat)
}

/**
 * Whether the living process `pid` is a PostgreSQL on this folder. After a crash the number in a pid file
 * may have gone to anybody, in a container (where numbers start at 1) quite likely to one of ours.
 */
export function servesCluster(pid: number, folder: string): boolean {
  if (process.platform !== 'linux') return true
  try {
    const cwd = statSync(`/proc/${pid}/cwd`)
    const own = statSync(folder)
    return cwd.dev === own.dev && cwd.ino === own.ino
  } catch {
    // Root in a container often lacks the right to look at the folder of another user's process.
    return /^postgres|^postmaster/.test(readOr(`/proc/${pid}/comm`, ''))
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise
  }
}
