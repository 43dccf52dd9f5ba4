// What happens to streams in one and the same moment, held still: here the test says when the question whether a stream's
// credentials hold is answered, and how.
import Fastify from 'fastify'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { changePolicies } from '../server/change-policies.ts'
import { unavailable } from '../server/errors.ts'
import { currentEnd } from '../server/feed/feed-service.ts'
import { openStreams } from '../server/feed/streams.ts'
import { openTestDesk } from './support/desk.ts'
import { type EventStream, openStream } from './support/event-stream.ts'

const { ctx, given } = await openTestDesk()

type Answer = () => Promise<boolean>
const yes: Answer = async () => true
let answer = yes
beforeEach(() => void (answer = yes))

const streams = openStreams(ctx, changePolicies, () => answer())
const app = Fastify({ forceCloseConnections: true })
app.decorateRequest('inProgress', undefined)
app.addHook('onRequest', async (request) => {
  request.actor = { user_id: null, credential: null, scopes: null, role: 'operator', request_id: request.id }
})
app.get<{ Querystring: { after?: string } }>('/api/v1/events/stream', async (request, reply) => {
  const { after } = request.query
  await streams.open(request, reply, {
    after: after === undefined ? undefined : Number(after),
    type: undefined,
  })
  return reply
})
const url = await app.listen({ host: '127.0.0.1', port: 0 })
afterAll(async () => {
  streams.close()
  await app.close()
})

const idsOf = (stream: EventStream) => stream.events.map(({ record_id }) => record_id)
async function until(condition: () => boolean) {
  await expect.poll(condition, { timeout: 5_000, interval: 5 }).toBe(true)
}

/** Answers nobody until it is opened. */
function gate() {
  const opened = Promise.withResolvers<boolean>()
  let asked = 0
  const ask: Answer = () => {
    asked += 1
    return opened.promise
  }
  return { ask, asked: () => asked, open: () => opened.resolve(true) }
}

test('who comes in the very moment when the others are told of a change is told of it too, once', async () => {
  const early = await openStream(url)
  const held = gate()
  const { id } = await given.customer()
  answer = held.ask
  streams.look()
  await until(() => held.asked() > 0)
  const late = await openStream(url, { query: `?after=${early.began}` })
  held.open()

  await until(() => [early, late].every((stream) => idsOf(stream).includes(id)))
  const next = await given.customer()
  streams.look()
  await until(() => [early, late].every((stream) => idsOf(stream).includes(next.id)))
  for (const stream of [early, late]) {
    expect(idsOf(stream)).toEqual([id, next.id])
    stream.cut()
  }
})

test('while nobody can say whether credentials hold, nothing is told; then all of it is', async () => {
  const stream = await openStream(url)
  answer = () => Promise.reject(unavailable('The database does not answer'))
  const one = await given.customer()
  streams.look()
  await new Promise((resolve) => setTimeout(resolve, 200))
  const two = await given.customer()
  streams.look()
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect([stream.events, stream.isOpen]).toEqual([[], true])

  answer = yes
  await until(() => stream.events.length === 2)
  expect(idsOf(stream)).toEqual([one.id, two.id])
  stream.cut()
})

test('what was committed before credentials ended, and is told after, is told to nobody', async () => {
  const stream = await openStream(url)
  await given.customer()
  answer = async () => false
  streams.look()
  await until(() => !stream.isOpen)
  expect(stream.events).toEqual([])
})

test('an error that nobody foresaw ends the stream, rather than being met again and again', async () => {
  const stream = await openStream(url)
  answer = () => Promise.reject(new Error('A bug'))
  await given.customer()
  streams.look()
  await until(() => !stream.isOpen)
})

test('with no stream open, nothing is read', async () => {
  const { id } = await given.customer()
  const before = await ctx.db.query({ text: 'select count(*) as waiting from outbox' })
  streams.look()
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  expect((await ctx.db.query({ text: 'select count(*) as waiting from outbox' })).rows).toEqual(before.rows)
  expect(before.rows).not.toEqual([{ waiting: 0 }])

  const end = await currentEnd(ctx)
  const stream = await openStream(url, { query: `?after=${end - 1}` })
  await until(() => idsOf(stream).includes(id))
  stream.cut()
})
