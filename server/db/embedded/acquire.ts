// From whatever is there (nothing, a dead server's traces, a server that starts, stops or runs) to a running
// server whose owner we are, or to the knowledge that somebody else is.
import type { Client } from 'pg'
import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from './errors.ts'
import { launch } from './launch.ts'
import { connectAsOwner, connectionTo, disconnect, takeLock } from './ownership.ts'
import { lookForServer, removeMisleadingPidFile } from './pid-file.ts'
import type { PidFile } from './pid-file.ts'
import { makeRunFolder, remakeRunFolder, removeRunFolder, SOCKET_PORT } from './run-folder.ts'
import type { Address } from './settings.ts'
import { notAnswering, notStarted } from './start-errors.ts'
import { terminate } from './terminate.ts'
import type { Cluster, EmbeddedConnection } from './types.ts'
import { freePort } from './windows.ts'

const LOCK_PATIENCE_MS = 2_000
const SERVER_PATIENCE_MS = 30_000
const POLL_MS = 10

export interface Owned {
  outcome: 'owned'
  client: Client
  pid: number
  connection: EmbeddedConnection
  /** Not started by us, just now, but found running. */
  adopted: boolean
}
export type Acquired = Owned | { outcome: 'refused' } | { outcome: 'aborted' }
type Step = Acquired | { outcome: 'wait'; reason: string }

interface Attempt {
  cluster: Cluster
  signal: AbortSignal
  /** The address that clients know already, when a server takes the place of one that died. */
  previous: Address | undefined
  address: Address | undefined
  launched: number | undefined
  /** The last dead server's traces; a start that is beaten takes the file away that told of them. */
  remnant: PidFile | undefined
  deadline: number
}

export async function acquire(cluster: Cluster, signal: AbortSignal, previous?: Address): Promise<Acquired> {
  const attempt: Attempt = {
    cluster,
    signal,
    previous,
    address: undefined,
    launched: undefined,
    remnant: undefined,
    deadline: Date.now() + SERVER_PATIENCE_MS,
  }
  let step: Step | undefined
  try {
    for (; ; await delay(POLL_MS)) {
      if (signal.aborted) return { outcome: 'aborted' }
      const seen = await lookForServer(cluster.folder)
      if (seen.state === 'absent') step = await start(attempt, seen.remnant)
      else if (seen.state === 'busy') step = { outcome: 'wait', reason: seen.reason }
      else step = await own(attempt, seen.at)

      if (step.outcome !== 'wait') return step
      if (Date.now() > attempt.deadline) {
        throw notAnswering(cluster, seen.state === 'absent' ? undefined : seen.pid, step.reason)
      }
    }
  } finally {
    await dropUnusedAddress(attempt, step)
  }
}

async function start(attempt: Attempt, remnant: PidFile | undefined): Promise<Step> {
  const { cluster, signal } = attempt
  if (remnant) await removeMisleadingPidFile(cluster.folder, remnant)
  attempt.remnant = remnant ?? attempt.remnant
  attempt.address ??= await prepareAddress(cluster, attempt.previous)
  const launched = await launch(cluster, attempt.address, signal)
  if (launched.outcome === 'aborted') return launched
  if (launched.outcome === 'failed') throw notStarted(cluster, launched.reason)
  if (launched.outcome === 'beaten') {
    await delay(50)
    return { outcome: 'wait', reason: launched.reason }
  }
  attempt.launched = launched.pid
  attempt.deadline = Date.now() + SERVER_PATIENCE_MS
  // Only now is it certain that the server which listened there is dead.
  const old = attempt.remnant?.socketFolder
  if (old && old !== attempt.address.host) await removeRunFolder(old, cluster.user)
  return { outcome: 'wait', reason: 'it has just started' }
}

async function prepareAddress(cluster: Cluster, previous: Address | undefined): Promise<Address> {
  if (process.platform === 'win32') return previous ?? { host: '127.0.0.1', port: await freePort() }
  const host = previous ? await remakeRunFolder(previous.host, cluster) : await makeRunFolder(cluster)
  return { host, port: SOCKET_PORT }
}

async function own({ cluster, signal, previous, launched }: Attempt, at: PidFile): Promise<Step> {
  let client: Client | undefined
  try {
    const connection = await connectionTo(at, cluster.dataDir)
    client = await connectAsOwner(connection)
    if (!(await takeLock(client, LOCK_PATIENCE_MS, signal))) {
      await disconnect(client)
      return { outcome: 'refused' }
    }
    if (!previous || (previous.host === connection.host && previous.port === connection.port)) {
      return { outcome: 'owned', client, connection, pid: at.pid, adopted: at.pid !== launched }
    }
    // Started by a process that died since, where none of our clients looks: once more, at our address.
    await terminate(at.pid, cluster)
    await disconnect(client)
    return { outcome: 'wait', reason: 'it listens at another address' }
  } catch (error) {
    if (client) await disconnect(client)
    return { outcome: 'wait', reason: messageOf(error) }
  }
}

/** Two starts at once each prepare a folder, but only one server gets to listen in its own. */
async function dropUnusedAddress(
  { cluster, address, previous }: Attempt,
  last: Step | undefined,
): Promise<void> {
  if (!address || previous || process.platform === 'win32') return
  if (last?.outcome === 'owned' && last.connection.host === address.host) return
  const seen = await lookForServer(cluster.folder)
  if (seen.state === 'ready' && seen.at.socketFolder === address.host) return
  await removeRunFolder(address.host, cluster.user)
}
