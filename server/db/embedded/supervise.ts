// Keeping an owned server running: whatever ends the owner's connection, bring the server back, own it again.
import { setInterval } from 'node:timers'
import { setTimeout as delay } from 'node:timers/promises'
import { acquire } from './acquire.ts'
import type { Owned } from './acquire.ts'
import { messageOf } from './errors.ts'
import { boundLog } from './log-file.ts'
import { disconnect } from './ownership.ts'
import { lookForServer } from './pid-file.ts'
import { removeRunFolder } from './run-folder.ts'
import { terminate } from './terminate.ts'
import type { Cluster } from './types.ts'

const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 5_000
const LOG_CHECK_MS = 60_000
const STATE_CHECK_MS = 1_000

/** Watches until the returned function is called, which stops the server. */
export function supervise(cluster: Cluster, first: Owned): () => Promise<void> {
  const { log } = cluster
  const address = { host: first.connection.host, port: first.connection.port }
  const stopping = new AbortController()
  let owned: Owned | undefined
  let takenAway = false
  let recovery: Promise<void> = Promise.resolve()
  let stopped: Promise<void> | undefined

  function watch(now: Owned) {
    owned = now
    // This connection watches over the product; it is no reason for a process to stay.
    now.client.unref()
    const lost = () => {
      if (owned !== now) return
      owned = undefined
      if (!stopping.signal.aborted) recovery = recover(now.pid)
    }
    now.client.once('end', lost)
    // Asked once, since it may have ended before we listened.
    now.client.query('select 1').catch(() => disconnect(now.client).then(lost))
  }

  async function recover(pid: number) {
    const began = Date.now()
    log.error({ pid }, 'Lost PostgreSQL; bringing it back')
    for (let wait = FIRST_WAIT_MS; !stopping.signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        const again = await acquire(cluster, stopping.signal, address)
        takenAway = again.outcome === 'refused'
        if (again.outcome === 'owned') {
          log.info({ pid: again.pid, ms: Date.now() - began }, 'PostgreSQL is back')
          return watch(again)
        }
        if (takenAway) log.error({ folder: cluster.folder }, 'Another process has taken over our PostgreSQL')
      } catch (error) {
        log.error({ reason: messageOf(error) }, 'PostgreSQL is not back yet')
      }
      await delay(wait, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  async function stop() {
    stopping.abort()
    clearInterval(logCheck)
    clearInterval(stateCheck)
    await recovery
    const client = owned?.client
    const seen = await lookForServer(cluster.folder)
    const pid = owned?.pid ?? (seen.state === 'absent' ? undefined : seen.pid)
    // The lock stays held until the server is gone, so nobody adopts what is about to end.
    if (pid && !takenAway) await terminate(pid, cluster)
    if (client) await disconnect(client)
    if (takenAway) return
    await removeRunFolder(address.host, cluster.user)
    log.info({ pid }, 'PostgreSQL stopped')
  }

  const logCheck = setInterval(() => {
    boundLog(cluster.dataDir).catch((error: unknown) =>
      log.warn({ reason: messageOf(error) }, 'Could not shorten the log of PostgreSQL'),
    )
  }, LOG_CHECK_MS).unref()
  /**
   * Told to stop by somebody else, a server waits for its clients, ours among them, and lets nobody new in: it would never end.
   * So it is stopped for good, whereupon it is brought back.
   */
  async function endHalfStopped() {
    const now = owned
    if (!now || stopping.signal.aborted) return
    const seen = await lookForServer(cluster.folder)
    if (seen.state !== 'busy' || seen.pid !== now.pid || owned !== now || stopping.signal.aborted) return
    log.error({ pid: now.pid, reason: seen.reason }, 'PostgreSQL was told to stop by somebody else')
    await terminate(now.pid, cluster)
  }

  const stateCheck = setInterval(() => {
    endHalfStopped().catch((error: unknown) =>
      log.warn({ reason: messageOf(error) }, 'Could not see how PostgreSQL is'),
    )
  }, STATE_CHECK_MS).unref()
  watch(first)
  return () => (stopped ??= stop())
}
