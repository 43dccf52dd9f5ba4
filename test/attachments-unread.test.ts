// Files that are asked for and not read: of each the process holds a piece, and who asks for too many hears that.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import type { Post } from '../contract/index.ts'
import { unavailable } from '../server/errors.ts'
import type { FileContent } from '../server/files/files.ts'
import { openTestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'

const mebibyte = 1024 ** 2
const desk = await openTestDesk()
const { ctx, given, url } = desk
const customer = await given.user()
const { id } = await given.request({ customer_id: await given.own(customer) })
const bytes = Buffer.alloc(10 * mebibyte, 'It is cold here.\n')
const form = new FormData()
form.append('message', 'See here')
form.append('attachments', new Blob([bytes], { type: 'text/plain' }), 'winter.txt')
const headers = { authorization: `Bearer ${customer.token}` }
const posted = await sendTo(url, {
  method: 'POST',
  path: `/api/v1/tickets/${id}/posts`,
  headers,
  body: form,
})
const path = (JSON.parse(posted.text) as Post).attachments[0]?.url ?? ''

const sockets: Socket[] = []
afterAll(() => sockets.forEach((socket) => socket.destroy()))

/** Asks, and reads no more than the head of the answer. */
async function askAndNotRead(): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
  sockets.push(socket)
  socket.write(`GET ${path} HTTP/1.1\r\nHost: desk.test\r\nAuthorization: ${headers.authorization}\r\n\r\n`)
  const [head] = (await once(socket, 'data')) as [Buffer]
  socket.pause()
  return head.toString('latin1', 9, 12)
}

/** A desk whose store answers this; `get` is counted. */
const withStore = (get: () => Promise<FileContent | undefined>) =>
  openTestDesk({ beside: desk, files: { ...ctx.files, get } })

test('who reads nothing holds little, and 100 files at most', { timeout: 60_000 }, async () => {
  const before = process.memoryUsage().arrayBuffers
  const statuses = await Promise.all(Array.from({ length: 100 }, askAndNotRead))
  expect(new Set(statuses)).toEqual(new Set(['200']))
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * mebibyte)
  const refused = await sendTo(url, { path, headers })
  expect([refused.status, refused.headers.get('cache-control')]).toEqual([429, 'no-store'])
  const operator = await given.operator()
  const other = await sendTo(url, { path, headers: { authorization: `Bearer ${operator.token}` } })
  expect(other.bytes.equals(bytes)).toBe(true)
  for (const socket of sockets) socket.destroy()
  await expect.poll(async () => (await sendTo(url, { path, headers })).status).toBe(200)
})

test('HEAD reads nothing of the file, and 304 does not open it', async () => {
  let [opened, read] = [0, 0]
  const { url } = await withStore(async () => {
    opened += 1
    return { bytes: bytes.length, stream: new Readable({ read: () => void (read += 1) }) }
  })
  const head = await sendTo(url, { method: 'HEAD', path, headers })
  expect([head.status, head.headers.get('content-length'), opened, read]).toEqual([
    200,
    String(bytes.length),
    1,
    0,
  ])
  const asked = { ...headers, 'if-none-match': head.headers.get('etag') ?? '' }
  expect([(await sendTo(url, { path, headers: asked })).status, opened]).toEqual([304, 1])
})

test.each<[number, string, () => Promise<FileContent | undefined>]>([
  [404, 'is gone', async () => undefined],
  [503, 'cannot be opened', () => Promise.reject(unavailable('The store is away.'))],
  [503, 'cannot be read', async () => ({ bytes: 3, stream: new Readable({ read: (): never => failing() }) })],
])('%i where the file %s', async (status, _, get) => {
  const { url } = await withStore(get)
  const answer = await sendTo(url, { path, headers })
  expect([answer.status, answer.headers.get('content-type'), answer.headers.get('etag')]).toEqual([
    status,
    'application/problem+json',
    null,
  ])
})

function failing(): never {
  throw new Error('The disk is broken')
}

test('who leaves before the file is opened is counted no more', { timeout: 30_000 }, async () => {
  let [asked, opened] = [0, 0]
  let gone = Promise.withResolvers<void>()
  const slow = await withStore(async () => {
    asked += 1
    await gone.promise
    opened += 1
    return { bytes: bytes.length, stream: Readable.from([bytes]) }
  })
  for (let round = 0; round < 6; round += 1) {
    const leaving = Array.from({ length: 20 }, () => {
      const socket = connect({ port: Number(new URL(slow.url).port), host: '127.0.0.1' })
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: desk.test\r\nAuthorization: ${headers.authorization}\r\n\r\n`,
      )
      return socket
    })
    await expect.poll(() => asked).toBe(20 * (round + 1))
    for (const socket of leaving) socket.destroy()
    await pause(50) // for the server to hear of it
    gone.resolve()
    await expect.poll(() => opened).toBe(20 * (round + 1))
    if (round < 5) gone = Promise.withResolvers()
  }
  await expect.poll(async () => (await sendTo(slow.url, { path, headers })).status).toBe(200)
})
