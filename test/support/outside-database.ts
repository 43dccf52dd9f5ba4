// A database of the test server, as DATABASE_URL names it: for desks in processes of their own. Dropped after the file.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import { clientOptions, type ConnectionOptions } from '../../server/db/database.ts'
import { urlOf } from '../../server/db/generate-types.ts'
import { withDatabase } from './global-setup.ts'

export interface OutsideDatabase {
  readonly name: string
  readonly connection: ConnectionOptions
  readonly url: string
  ask<Row = Record<string, unknown>>(text: string): Promise<Row[]>
}

const clearings: (() => Promise<unknown>)[] = []
afterAll(() => Promise.all(clearings.map((clear) => clear())))

/** Empty, or a copy of the migrated template. */
export async function outsideDatabase({ migrated = false } = {}): Promise<OutsideDatabase> {
  const { connection: server, template } = inject('postgres')
  const name = `frontdesk_test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`
  await askOnce(server, `create database ${name} ${migrated ? `template ${template}` : ''}`)
  clearings.push(() => askOnce(server, `drop database if exists ${name} with (force)`))
  const connection = withDatabase(server, name)
  return { name, connection, url: urlOf(connection), ask: (text) => askOnce(connection, text) }
}

async function askOnce<Row>(connection: ConnectionOptions, text: string): Promise<Row[]> {
  const client = new pg.Client({ ...clientOptions(connection), options: '-c timezone=UTC' })
  await client.connect()
  try {
    return (await client.query(text)).rows as Row[]
  } finally {
    await client.end()
  }
}

/**
 * A way to the test server over TCP. It may refuse so many callers before it lets one in, fall silent for those inside or for
 * everybody, be shut, and be opened again.
 */
export async function doorTo({ connection, name }: OutsideDatabase, { refusals = 0 } = {}) {
  const pairs = new Set<readonly [Socket, Socket]>()
  const swallowed = new Set<Socket>()
  let refused = 0
  let swallowing = false
  const server = createServer((from) => {
    if (refused < refusals) {
      refused += 1
      return from.destroy()
    }
    if (swallowing) return void swallowed.add(from.on('error', () => {}))
    const to = connect(addressOf(connection))
    for (const socket of [from, to]) socket.on('error', () => from.destroy())
    pairs.add([from, to])
    return from.pipe(to).pipe(from)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  clearings.push(async () => {
    cutAll()
    await new Promise((resolve) => server.close(resolve))
  })
  const cutAll = () => {
    for (const socket of [...[...pairs].flat(), ...swallowed]) socket.destroy()
  }
  const url = new URL(connection.connectionString ?? `postgres://${connection.user}@127.0.0.1/${name}`)
  url.hostname = '127.0.0.1'
  const { port } = server.address() as AddressInfo
  url.port = String(port)
  /** As when a firewall forgets a connection: nothing arrives any more, and nobody is told. New callers are served. */
  const silence = () => {
    for (const [from, to] of pairs) {
      from.unpipe(to).pause()
      to.unpipe(from).pause()
    }
  }
  /** As when the server's machine hangs: newcomers get no answer either. */
  const swallow = () => {
    swallowing = true
    silence()
  }
  /** As when the server is stopped: everybody is cut off, and newcomers are refused. */
  const shut = () => {
    server.close()
    cutAll()
  }
  const open = async () => {
    swallowing = false
    if (server.listening) return
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  return { url, silence, swallow, shut, open }
}

function addressOf({ connectionString, host = '127.0.0.1', port = 5432 }: ConnectionOptions) {
  if (connectionString === undefined)
    return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
  const url = new URL(connectionString)
  return { host: url.hostname, port: Number(url.port || 5432) }
}
