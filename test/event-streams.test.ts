// The change feed, as streams: what is told at once to two instances' listeners, through cut connections, and to whom no more.
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  createCustomer,
  createToken,
  type Event,
  listMyTokens,
  revokeMyToken,
  updateCustomer,
  updateMe,
} from '../contract/index.ts'
import { streamLimits } from '../server/feed/stream-limits.ts'
import { openTestDesk, type TestDesk } from './support/desk.ts'
import { type EventStream, openStream } from './support/event-stream.ts'
import type { TestUser } from './support/given.ts'
import { readEvents } from './support/read-events.ts'

const first = await openTestDesk()
const second = await openTestDesk({ beside: first })
const desks = [first, second]
const { given, rows } = first
const admin = await given.admin()

const listenTo = (desk: TestDesk, options: Parameters<typeof openStream>[1] = {}) =>
  openStream(desk.url, { token: admin.token, ...options })

/** Made by a call, so that it is announced at once. */
async function newCustomer(): Promise<number> {
  const { body } = await first.as(admin)(createCustomer, { body: { first_name: 'Ed', last_name: 'Stark' } })
  return body.id
}

/** What the audit log has, in the order of the chain. */
const written = (after = 0) =>
  rows<Partial<Event>>(
    `select position as id, action as type, record_id from audit_chain join audit_events on audit_events.id = event_id
     where position > $1 and record_type <> 'token' order by position`,
    [after],
  )

const toldOf = (events: readonly Event[]) =>
  events.map(({ id, type, record_id }) => ({ id, type, record_id }))

/** Reads the feed to its end, which puts all that is committed into the chain. */
const endOfFeed = async () => (await readEvents(first.as(admin))).after

async function until(condition: () => unknown, timeout = 5_000) {
  await expect.poll(condition, { timeout, interval: 10 }).toBeTruthy()
}

const ids = (stream: EventStream) => stream.events.map(({ record_id }) => record_id)

describe('a stream', () => {
  test('begins now, says where that is, and tells of each change within moments, at every instance', async () => {
    const before = await given.customer()
    const end = await endOfFeed()
    const streams = await Promise.all(desks.map((desk) => listenTo(desk)))
    expect(streams.map(({ began, lastEventId }) => [began, lastEventId])).toEqual([
      [end, end],
      [end, end],
    ])

    const began = performance.now()
    const { body: customer } = await first.as(admin)(createCustomer, {
      body: { first_name: 'Ed', last_name: 'S' },
    })
    await until(() => streams.every((stream) => stream.events.length > 0))
    expect(performance.now() - began).toBeLessThan(900)

    for (const stream of streams) {
      expect(ids(stream)).toEqual([customer.id])
      expect(customer.id).not.toBe(before.id)
      expect(stream.events[0]).toEqual((await readEvents(first.as(admin), { after: end })).events[0])
      expect(stream.lastEventId).toBe(end + 1)
      stream.cut()
    }
  })

  test('has headers that keep it whole on its way', async () => {
    const stream = await listenTo(first)
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'transfer-encoding': 'chunked',
    })
    expect(stream.headers['x-request-id']).toBeTruthy()
    expect(stream.headers['content-encoding']).toBeUndefined()
    stream.cut()
  })

  test('is not begun by HEAD, without credentials, or from a position that is none', async () => {
    const head = await fetch(`${first.url}/api/v1/events/stream`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${admin.token}` },
    })
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
    expect((await openStream(first.url)).status).toBe(401)
    for (const lastEventId of ['abc', '-1', '99999999999999999999', '']) {
      expect((await listenTo(first, { lastEventId })).status, lastEventId).toBe(400)
    }
    const ahead = await listenTo(first, { lastEventId: (await endOfFeed()) + 1 })
    expect(ahead.problem).toMatchObject({ status: 409, type: 'urn:frontdesk:problem:position_ahead' })
  })

  test('tells of one type alone where that is asked for', async () => {
    const stream = await listenTo(second, { query: '?type=customer' })
    await first.as(admin)(updateMe, { body: { first_name: 'Not this' } })
    const id = await newCustomer()
    await until(() => stream.events.length > 0)
    expect(ids(stream)).toEqual([id])
    stream.cut()
  })

  test('shows a customer nothing but their own account', async () => {
    const own = await given.user({ role: 'customer' })
    const stream = await listenTo(second, { token: own.token })
    const all = await listenTo(second)
    await given.request()
    await first.as(admin)(updateMe, { body: { first_name: 'Admin' } })
    await first.as(own)(updateMe, { body: { first_name: 'Own' } })
    await until(() => all.events.length >= 4 && stream.events.length > 0)
    expect(stream.events.map(({ type, record_id, actor_id }) => [type, record_id, actor_id])).toEqual([
      ['user.updated', own.id, null],
    ])
    stream.cut()
    all.cut()
  })

  test('what a process committed and was killed before it announced is told two seconds later at most', async () => {
    const stream = await listenTo(second)
    // Not through HTTP, after whose answers announcements are made.
    const customer = await given.customer()
    await until(() => ids(stream).includes(customer.id), 2_000)
    stream.cut()
  })
})

describe('nothing is missed, and nothing told twice', () => {
  const someCustomers = () => Promise.all(Array.from({ length: 4 }, () => given.customer()))

  /** Writers at both instances, some of them at the same records. Answers when all have done. */
  async function write(rounds: number, shared: readonly { id: number }[], { from = 0 } = {}) {
    const writer = async (number: number) => {
      const call = (desks[number % 2] as TestDesk).as(admin)
      for (let round = from; round < from + rounds; round += 1) {
        // While connections are cut, a call may fail: what counts is what was written.
        await call(createCustomer, { body: { first_name: 'Ed', last_name: `${number} ${round}` } }).catch(
          () => {},
        )
        const params = { id: shared[(number + round) % shared.length]?.id ?? 0 }
        await call(updateCustomer, { params, body: { company: `${number} ${round}` } }).catch(() => {})
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, number) => writer(number)))
  }

  function expectVersionsInOrder(events: readonly Event[]) {
    const versions = new Map<string, number>()
    for (const { record_type, record_id, version } of events) {
      const record = `${record_type} ${record_id}`
      expect(version, record).toBe((versions.get(record) ?? (version ?? 0) - 1) + 1)
      versions.set(record, version ?? 0)
    }
  }

  /** Listens, is cut after every few events, and goes on from the last one; answers what came in all. */
  function listenThroughCuts(desk: TestDesk, every: number) {
    const parts: EventStream[] = []
    const stopping = new AbortController()
    const listening = (async () => {
      let lastEventId: number | undefined
      while (!stopping.signal.aborted) {
        const stream = await listenTo(desk, lastEventId === undefined ? {} : { lastEventId })
        if (stream.status !== 200) throw new Error(`${stream.status}`)
        parts.push(stream)
        await vi.waitUntil(() => stopping.signal.aborted || !stream.isOpen || stream.events.length >= every, {
          timeout: 20_000,
          interval: 1,
        })
        stream.cut()
        lastEventId = stream.lastEventId
      }
    })()
    return {
      events: () => parts.flatMap((part) => part.events),
      parts,
      async stop() {
        stopping.abort()
        await listening
      },
    }
  }

  test(
    'with eight writers at two instances, by streams, by streams that are cut, and by polling',
    { timeout: 60_000 },
    async () => {
      const shared = await someCustomers()
      const after = await endOfFeed()
      const streams = await Promise.all(desks.map((desk) => listenTo(desk)))
      const cut = desks.map((desk) => listenThroughCuts(desk, 7))
      await vi.waitUntil(() => cut.every(({ parts }) => parts.length > 0))
      let writing = true
      const poll = async (desk: TestDesk) => {
        const events: Event[] = []
        for (let position = after, last = false; !last;) {
          last = !writing
          const part = await readEvents(desk.as(admin), { after: position, limit: 20 })
          events.push(...part.events)
          position = part.after
        }
        return events
      }
      const polls = desks.map(poll)
      await write(12, shared)
      // Each of these rounds is more than a listener hears before it is cut.
      for (let from = 12; from < 24; from += 1) {
        const cuts = cut.map(({ parts }) => parts.length)
        await write(1, shared, { from })
        await until(() => cut.every(({ parts }, index) => parts.length > (cuts[index] ?? 0)))
      }
      writing = false
      const polled = await Promise.all(polls)
      const end = await endOfFeed()
      await until(() => streams.every((stream) => stream.lastEventId === end))
      await until(() => cut.every(({ parts }) => parts.at(-1)?.lastEventId === end))
      await Promise.all(cut.map((listener) => listener.stop()))

      const all = await written(after)
      expect(all.length).toBe(8 * 24 * 2)
      for (const events of [
        ...polled,
        ...streams.map((stream) => stream.events),
        ...cut.map((c) => c.events()),
      ]) {
        expect(toldOf(events)).toEqual(all)
        expectVersionsInOrder(events)
      }
      expect(cut[0]?.parts.length).toBeGreaterThan(10)
      for (const stream of streams) stream.cut()
    },
  )

  test('while the connections to the database are cut, again and again', { timeout: 60_000 }, async () => {
    const shared = await someCustomers()
    const after = await endOfFeed()
    const streams = await Promise.all(desks.map((desk) => listenTo(desk)))
    const writing = write(12, shared)
    for (let cuts = 0; cuts < 5; cuts += 1) {
      await rows(
        `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
      )
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    await writing
    const end = await endOfFeed()
    await until(() => streams.every((stream) => stream.lastEventId === end), 10_000)

    const all = await written(after)
    expect(all.length).toBeGreaterThan(40)
    for (const stream of streams) {
      expect(stream.isOpen).toBe(true)
      expect(toldOf(stream.events)).toEqual(all)
      expectVersionsInOrder(stream.events)
      stream.cut()
    }
  })

  test('by a stream that goes on from the beginning while others are written', async () => {
    const writing = write(3, await someCustomers())
    const stream = await listenTo(second, { lastEventId: 0 })
    await writing
    const end = await endOfFeed()
    await until(() => stream.lastEventId === end)
    expect(toldOf(stream.events)).toEqual(await written())
    stream.cut()
  })
})

describe('a stream ends within a second, at every instance,', () => {
  /** An operator with a stream at each, all of them told of the same change. */
  async function listening(user: TestUser) {
    const streams = await Promise.all(desks.map((desk) => listenTo(desk, { token: user.token })))
    const id = await newCustomer()
    await until(() => streams.every((stream) => ids(stream).includes(id)))
    return streams
  }

  async function expectEnd(streams: readonly EventStream[], end: () => Promise<unknown>) {
    const others = await Promise.all(desks.map((desk) => listenTo(desk)))
    const began = performance.now()
    await end()
    await until(() => streams.every((stream) => !stream.isOpen))
    expect(performance.now() - began).toBeLessThan(1_000)
    const id = await newCustomer()
    await until(() => others.every((stream) => ids(stream).includes(id)))
    for (const stream of streams) expect(ids(stream)).not.toContain(id)
    for (const other of others) other.cut()
  }

  test('when its user is disabled', async () => {
    const user = await given.operator()
    const streams = await listening(user)
    await expectEnd(streams, () => rows('update users set disabled_at = now() where id = $1', [user.id]))
  })

  test('when its user gets another role', async () => {
    const user = await given.operator()
    const streams = await listening(user)
    await expectEnd(streams, () => rows(`update users set role = 'customer' where id = $1`, [user.id]))
    const again = await listenTo(second, { token: user.token })
    expect(again.status).toBe(200)
    again.cut()
  })

  test('when its token is revoked; that of another token of the user goes on', async () => {
    const user = await given.user({ role: 'operator', username: 'sam', password: 'the-citadel-1' })
    const streams = await listening(user)
    const { body } = await first.as(user)(createToken, {
      body: { username: 'sam', password: 'the-citadel-1' },
    })
    const other = await listenTo(second, { token: body.token })
    const tokens = (await first.as(user)(listMyTokens, {})).body.results
    const id = tokens.find((token) => token.current)?.id ?? 0
    await expectEnd(streams, () => first.as(user)(revokeMyToken, { params: { id } }))
    expect(other.isOpen).toBe(true)
    other.cut()
  })

  test('when its token expires', async () => {
    const user = await given.operator()
    const streams = await listening(user)
    await rows(`update tokens set expires_at = now() + interval '300 milliseconds' where user_id = $1`, [
      user.id,
    ])
    await pause(300)
    await expectEnd(streams, async () => {})
  })

  test('when its user is disabled while the line for announcements is cut', async () => {
    const user = await given.operator()
    const streams = await listening(user)
    await rows('alter table users disable trigger users_access_changed')
    await expectEnd(streams, async () => {
      await rows('update users set disabled_at = now() where id = $1', [user.id])
      await rows(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'frontdesk listener' and datname = current_database()`,
      )
    })
    await rows('alter table users enable trigger users_access_changed')
  })

  test('and control: it is announcements that end it, and without any it goes on', async () => {
    const user = await given.operator()
    const streams = await listening(user)
    await rows('alter table users disable trigger users_access_changed')
    await rows('update users set disabled_at = now() where id = $1', [user.id])
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect(streams.map(({ isOpen }) => isOpen)).toEqual([true, true])
    await rows('alter table users enable trigger users_access_changed')
    for (const stream of streams) stream.cut()
  })
})

describe('what a stream may take', () => {
  afterEach(() => vi.useRealTimers())

  test('a user has ten at an instance, and one more once one of them is cut', async () => {
    const user = await given.operator()
    const streams = await Promise.all(
      Array.from({ length: 10 }, () => listenTo(first, { token: user.token })),
    )
    const refused = await listenTo(first, { token: user.token })
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '10'])
    const other = await listenTo(first)
    expect(other.status).toBe(200)
    other.cut()

    streams[0]?.cut()
    await until(async () => {
      const next = await listenTo(first, { token: user.token })
      next.cut()
      return next.status === 200
    })
    for (const stream of streams) stream.cut()
  })

  test('a process has a thousand', () => {
    const limits = streamLimits()
    const leaving = Array.from({ length: 1_000 }, (_, user) => limits.enter(user % 100))
    expect(() => limits.enter(5_000)).toThrow(/Too many streams/)
    for (const leave of leaving) leave()
    expect(limits.noneOpen).toBe(true)
    expect(() => limits.enter(5_000)).not.toThrow()
  })

  // On a desk of its own, whose seconds pass when the test says so.
  test('a comment comes every 15 seconds, with the position that the reader knows by then', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const desk = await openTestDesk()
    const customer = await desk.given.user()
    const stream = await openStream(desk.url, { token: customer.token })
    await desk.given.customer()
    vi.advanceTimersByTime(14_000)
    expect(stream.comments).toBe(0)
    const end = (await readEvents(desk.as(customer))).after
    await until(async () => {
      vi.advanceTimersByTime(15_000)
      await new Promise((resolve) => setTimeout(resolve, 20))
      return stream.lastEventId === end
    })
    expect(stream.events).toEqual([])
    expect(stream.comments).toBeGreaterThan(0)
    stream.cut()
  })

  test(
    'one that is not read is cut, holds nobody up, and goes on from where it was',
    { timeout: 60_000 },
    async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      const desk = await openTestDesk()
      const reader = await desk.given.admin()
      const slow = await openStream(desk.url, { token: reader.token })
      const quick = await openStream(desk.url, { token: reader.token })
      slow.stopReading()
      // 40 MB of events, more than a connection holds on its way.
      const count = 10_000
      await desk.rows(
        `insert into audit_events (actor_role, action, record_type, record_id, after, request_id)
         select 'test', 'customer.updated', 'customer', n, '{}', repeat('x', 4000) from generate_series(1, $1::integer) n`,
        [count],
      )
      vi.advanceTimersByTime(1_000)
      await until(() => quick.events.length === count, 30_000)

      const end = quick.lastEventId
      vi.advanceTimersByTime(10_000)
      expect(quick.isOpen).toBe(true)
      vi.advanceTimersByTime(5_000)
      slow.goOnReading()
      await until(() => !slow.isOpen)
      expect(slow.events.length).toBeLessThan(count)

      const rest = await openStream(desk.url, { token: reader.token, lastEventId: slow.lastEventId })
      await until(() => rest.lastEventId === end, 30_000)
      expect([...slow.events, ...rest.events].map(({ id }) => id)).toEqual(quick.events.map(({ id }) => id))
      expect(quick.isOpen).toBe(true)
      for (const stream of [quick, rest]) stream.cut()
    },
  )
})
