// One connection that hears what the database announces (NOTIFY), kept open for as long as the process runs.
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../log.ts'
import { clientOptions, type ConnectionOptions } from './database.ts'

export interface Listener {
  readonly channel: string
  onMessage(payload: string): void
  /** True once announcements arrive, false from the moment they may be missed. */
  onListening(listening: boolean): void
}

export interface Listening {
  stop(): Promise<void>
}

/** How often the line is proved to be alive; a silent break is noticed within two of these. */
const heartbeat = 400
/** Between two tries to open it again, in milliseconds. */
const firstWait = 100
const longestWait = 2_000

/**
 * Resolves when it listens for the first time; a line that breaks later is opened again and again. `line` is told of that, and
 * hears nothing else.
 */
export async function listen(
  connection: ConnectionOptions,
  listeners: readonly Listener[],
  log: Log,
  line: Pick<Listener, 'onListening'> = { onListening() {} },
): Promise<Listening> {
  const stopping = new AbortController()
  let client = await connect(connection, listeners, firstPatience)
  const tell = (listening: boolean) => {
    for (const listener of [line, ...listeners]) listener.onListening(listening)
  }
  const kept = keepOpen()

  async function keepOpen(): Promise<void> {
    for (;;) {
      tell(true)
      const error = await brokenness(client, stopping.signal)
      tell(false)
      letGo(client)
      if (stopping.signal.aborted) return
      log.warn({ err: error }, 'lost the line for announcements of the database; opening it again')
      const again = await reconnect()
      if (!again) return
      client = again
      log.info({}, 'the line for announcements of the database is open again')
    }
  }

  async function reconnect(): Promise<pg.Client | undefined> {
    for (let wait = firstWait; !stopping.signal.aborted; wait = Math.min(wait * 2, longestWait)) {
      await pause(wait, undefined, { ref: false, signal: stopping.signal }).catch(() => {})
      const again = await connect(connection, listeners, heartbeat).catch(() => undefined)
      if (again) return again
    }
    return undefined
  }

  return {
    async stop() {
      stopping.abort()
      await kept
    },
  }
}

/** The first time there may be much else to do, so that an answer takes longer to be noticed. */
const firstPatience = 5_000

async function connect(
  connection: ConnectionOptions,
  listeners: readonly Listener[],
  patience: number,
): Promise<pg.Client> {
  const client = new pg.Client({ ...clientOptions(connection), application_name: 'frontdesk listener' })
  client.on('notification', ({ channel, payload = '' }) => {
    for (const listener of listeners) if (listener.channel === channel) listener.onMessage(payload)
  })
  client.on('error', () => {}) // 'end' follows, and whoever watches takes it from there
  try {
    await client.connect()
    const channels = listeners.map(({ channel }) => `listen ${pg.escapeIdentifier(channel)}`)
    await client.query(withPatience(channels.join('; '), patience))
    return client
  } catch (error) {
    letGo(client)
    throw error
  }
}

/** Resolves with what is wrong once the line is broken, or with nothing once it is to be closed. */
async function brokenness(client: pg.Client, stop: AbortSignal): Promise<unknown> {
  const ended = new Promise<'ended'>((resolve) => client.once('end', () => resolve('ended')))
  try {
    for (;;) {
      const next = await Promise.race([ended, pause(heartbeat, 'beat', { ref: false, signal: stop })])
      if (next === 'ended') return new Error('The connection ended')
      await client.query(withPatience('select 1', heartbeat))
    }
  } catch (error) {
    return error
  }
}

/** Not waited for: on a line that is silently broken a farewell gets no answer. */
function letGo(client: pg.Client) {
  client.removeAllListeners('notification')
  client.end().catch(() => {})
}

// Part of `pg` for a single query, not of its types.
const withPatience = (text: string, query_timeout: number): pg.QueryConfig & { query_timeout: number } => ({
  text,
  query_timeout,
})
