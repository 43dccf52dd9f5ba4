// Callers who ask for large answers and do not read them: the process keeps no more than a bound of them, and others are answered.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import Fastify from 'fastify'
import { listPosts, listTickets } from '../contract/index.ts'
import { answerProblems } from '../server/http/problems.ts'
import { boundUnsentAnswers } from '../server/http/unsent-answers.ts'
import { openTestDesk } from './support/desk.ts'

const sockets: Socket[] = []
afterAll(() => {
  for (const socket of sockets) socket.destroy()
})

/** Asks, and takes nothing of the answer but what stands in the buffers between. */
function askAndNotRead(url: string, path: string, token = 'x'): Socket {
  const { port } = new URL(url)
  const socket = connect({ port: Number(port), host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.pause()
  socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n\r\n`)
  sockets.push(socket)
  return socket
}

test('of a long thread', { timeout: 60_000 }, async () => {
  const { as, given, url, rows } = await openTestDesk()
  const operator = await given.operator()
  const { id } = await given.request()
  await rows(
    `insert into posts (ticket_id, number, message) select $1, n, repeat('snow ', 20000) from generate_series(2, 100) n`,
    [id],
  )
  await rows(
    'update tickets set posts_made = 100, posts_count = 100, last_post_at = (select max(created_at) from posts) where id = $1',
    [id],
  )
  const path = `/api/v1/tickets/${id}/posts?limit=100`
  for (let count = 0; count < 12; count += 1) askAndNotRead(url, path, operator.token)
  const read = () => as(operator)(listPosts, { params: { id }, query: { limit: 100 } })
  await expect.poll(async () => (await read()).status, { timeout: 20_000 }).toBe(429)
  expect((await read()).problem.detail).toBe(
    'You may leave 48 MiB of answers unread at a time; try again in 1 second.',
  )
  expect((await as(operator)(listTickets, {})).status).toBe(200)
  expect(
    (await as(await given.operator())(listPosts, { params: { id }, query: { limit: 100 } })).status,
  ).toBe(200)
  for (const socket of sockets) socket.destroy()
  await expect.poll(async () => (await read()).status).toBe(200)
})

test('for so long that they are let go', async () => {
  const app = Fastify()
  answerProblems(app)
  boundUnsentAnswers(app, { atOnce: 32_000_000, forOne: 32_000_000, patience: 200 })
  app.get('/large', () => 'x'.repeat(20_000_000))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = askAndNotRead(url, '/large')
  await expect.poll(async () => (await fetch(`${url}/large`)).status).toBe(429)
  await expect.poll(async () => (await fetch(`${url}/large`)).status, { timeout: 5_000 }).toBe(200)
  socket.destroy()
  await app.close()
})

test('is not counted where the caller has left before it was made', async () => {
  const app = Fastify()
  answerProblems(app)
  boundUnsentAnswers(app, { atOnce: 3_000_000, forOne: 3_000_000, patience: 30_000 })
  let [begun, made] = [0, 0]
  app.get('/large', async ({ headers, raw }) => {
    begun += 1
    if (headers.authorization !== undefined) await once(raw.socket, 'close')
    made += 1
    return 'x'.repeat(2_000_000)
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  for (let count = 1; count <= 5; count += 1) {
    const socket = askAndNotRead(url, '/large')
    await expect.poll(() => begun).toBe(count)
    socket.destroy()
    await expect.poll(() => made).toBe(count)
  }
  expect((await fetch(`${url}/large`)).status).toBe(200)
  await app.close()
})
