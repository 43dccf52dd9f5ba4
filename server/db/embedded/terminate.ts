// Ending a postmaster, our child or not, and waiting until it is gone.
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { codeOf } from './errors.ts'
import { isAlive, servesCluster } from './processes.ts'
import type { Cluster } from './types.ts'

// Fast: ends sessions, writes a checkpoint. Immediate: recovery at the next start. Kill: the same, ruder.
const STEPS = [
  ['SIGINT', 5_000],
  ['SIGQUIT', 1_000],
  ['SIGKILL', 1_000],
] as const

export async function terminate(pid: number, cluster: Cluster): Promise<void> {
  for (const [signal, patience] of STEPS) {
    if (!isAlive(pid) || !servesCluster(pid, cluster.folder)) return
    await send(pid, signal, cluster)
    const deadline = Date.now() + patience
    while (Date.now() < deadline) {
      if (!isAlive(pid)) return
      await delay(10)
    }
    cluster.log.warn({ pid, signal }, 'PostgreSQL did not stop in time')
  }
}

async function send(pid: number, signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL', cluster: Cluster): Promise<void> {
  // Windows knows no signals: whatever Node sends there kills.
  if (process.platform === 'win32' && signal === 'SIGINT') {
    const control = join(dirname(cluster.binaries.postgres), 'pg_ctl.exe')
    execFile(
      control,
      ['stop', '-D', cluster.folder, '-m', 'fast', '-W'],
      { windowsHide: true },
      () => undefined,
    )
    return
  }
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error
  }
}
