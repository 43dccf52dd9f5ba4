// What happens when more is asked than can be done: as much as can be is done, and the rest is refused at once.
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  createCustomer,
  getCustomer,
  getMe,
  listCustomers,
  listRequests,
  listTickets,
  livez,
  search,
  updateCustomer,
} from '../contract/index.ts'
import { buildApp } from '../server/app.ts'
import { type Database, isUnavailable, openPool, ownersRights } from '../server/db/database.ts'
import { inTransaction } from '../server/db/transaction.ts'
import { refusals } from '../server/http/refusals.ts'
import { newRegistry } from '../server/metrics/registry.ts'
import { requests } from '../server/tickets/index.ts'
import type { Answer } from './support/caller.ts'
import { callerOf } from './support/caller.ts'
import { openTestDesk, secretKey, type TestDesk } from './support/desk.ts'
import { openStream } from './support/event-stream.ts'
import { silentLog } from './support/silent-log.ts'

const desk = await openTestDesk()
const operator = await desk.given.operator()

/** Runs a statement that keeps others waiting, until it is let go. */
async function hold({ pool }: TestDesk, text: string) {
  const client = await pool.connect()
  await client.query('begin')
  await client.query(text)
  return async () => {
    await client.query('rollback')
    client.release()
  }
}

/** A customer whom nobody can change until it is let go. */
async function heldCustomer(at: TestDesk) {
  const { id } = await desk.given.customer()
  return { id, letGo: await hold(at, `select from customers where id = ${id} for update`) }
}

const change = (at: TestDesk, id: number, headers = {}) =>
  at.as(operator)(updateCustomer, { params: { id }, body: { first_name: 'Ned' } }, headers)

const waitingForLocks = async (at: TestDesk) =>
  (
    await at.rows(
      `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database() and application_name = 'frontdesk'`,
    )
  ).length

afterEach(() => void vi.useRealTimers())

const counted = (answers: readonly Answer<unknown>[]) =>
  Object.fromEntries(
    Map.groupBy(answers, ({ status }) => status)
      .entries()
      .map(([status, { length }]) => [status, length]),
  )

function connectionsOf({ ctx }: TestDesk) {
  const { totalCount, idleCount, waitingCount } = ctx.db as pg.Pool
  return { busy: totalCount - idleCount, waiting: waitingCount }
}

async function timed<T>(work: Promise<T>): Promise<{ result: T; milliseconds: number }> {
  const began = performance.now()
  return { result: await work, milliseconds: performance.now() - began }
}

function expectRefusal({ status, headers, problem }: Answer<unknown>, code: string) {
  expect([status, headers.get('retry-after'), problem.type]).toEqual([
    503,
    '1',
    `urn:frontdesk:problem:${code}`,
  ])
}

describe('requests in progress', () => {
  test('are as many as the limit says; the others are refused at once, and health is always told', async () => {
    const small = await openTestDesk({ beside: desk, requestsAtOnce: 10 })
    expect((await small.as(operator)(getMe, {})).status, 'known by its token').toBe(200)
    const { id, letGo } = await heldCustomer(small)
    const answers: Answer<unknown>[] = []
    const all = Array.from({ length: 40 }, async () => void answers.push(await change(small, id)))
    await expect.poll(() => answers.length).toBe(30)

    for (const refused of answers) expectRefusal(refused, 'overloaded')
    // Before anybody looks who is calling, or what they say.
    const nonsense = await fetch(`${small.url}/api/v1/customers`, {
      method: 'POST',
      headers: { authorization: 'Bearer nobodys', 'content-type': 'application/json' },
      body: '{"first_name":',
    })
    expect(nonsense.status).toBe(503)
    expect((await small.anonymous(livez, {})).status).toBe(200)
    expect((await fetch(`${small.url}/openapi.json`)).status).toBe(200)

    await letGo()
    await Promise.all(all)
    expect(counted(answers)).toEqual({ 200: 10, 503: 30 })
    expect((await change(small, id)).status, 'every place was given back').toBe(200)
  })

  test('control: without a limit all of them wait', async () => {
    const boundless = await openTestDesk({ beside: desk, requestsAtOnce: 100_000 })
    await boundless.as(operator)(getMe, {})
    const { id, letGo } = await heldCustomer(boundless)
    const answers: Answer<unknown>[] = []
    const all = Array.from({ length: 40 }, async () => void answers.push(await change(boundless, id)))
    await expect.poll(() => connectionsOf(boundless)).toEqual({ busy: 8, waiting: 32 })
    expect(answers).toEqual([])
    await letGo()
    await Promise.all(all)
    expect(counted(answers)).toEqual({ 200: 40 })
  })

  test('are not those that have not arrived yet, nor those that were given up, nor open streams', async () => {
    const small = await openTestDesk({ beside: desk, requestsAtOnce: 2 })
    const me = () => small.as(operator)(getMe, {})
    await me()
    const slow = Array.from({ length: 4 }, () => {
      const socket = connect(Number(new URL(small.url).port), '127.0.0.1').on('error', () => {})
      socket.write(
        'POST /api/v1/token HTTP/1.1\r\nhost: desk\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
      )
      return socket
    })
    const streams = []
    for (let n = 0; n < 4; n += 1) streams.push(await openStream(small.url, { token: operator.token }))
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await me()).status).toBe(200)
    for (const socket of slow) socket.destroy()
    for (const stream of streams) stream.cut()

    // Callers who leave while they wait.
    const { id, letGo } = await heldCustomer(small)
    const leaving = new AbortController()
    const left = Array.from({ length: 2 }, () =>
      fetch(`${small.url}/api/v1/customers/${id}`, {
        method: 'PATCH',
        signal: leaving.signal,
        headers: { authorization: `Bearer ${operator.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ first_name: 'Gone' }),
      }).catch(() => 'left'),
    )
    await expect.poll(() => waitingForLocks(small)).toBe(2)
    leaving.abort()
    expect(await Promise.all(left)).toEqual(['left', 'left'])
    expectRefusal(await me(), 'overloaded')
    await letGo()
    await expect.poll(async () => (await me()).status).toBe(200)
  })

  test('are not held by callers who leave while their stream is being opened', async () => {
    const small = await openTestDesk({ beside: desk, requestsAtOnce: 4 })
    const me = () => small.as(operator)(getMe, {})
    await me()
    const { hostname, port } = new URL(small.url)
    for (let n = 0; n < 120; n += 1) {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      socket.write(
        `GET /api/v1/events/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${operator.token}\r\n\r\n`,
      )
      setTimeout(() => socket.destroy(), n % 15)
      if (n % 10 === 9) await pause(5)
    }
    const asMany = async () => (await Promise.all([me(), me(), me(), me()])).map(({ status }) => status)
    await expect.poll(asMany, { timeout: 10_000, interval: 200 }).toEqual([200, 200, 200, 200])
  })

  test('are refused a hundred times in a second at once, and then a second later, for callers who do not wait', async () => {
    const small = await openTestDesk({ beside: desk, requestsAtOnce: 1 })
    await small.as(operator)(getMe, {})
    const { id, letGo } = await heldCustomer(small)
    const held = change(small, id)
    await expect.poll(() => waitingForLocks(small)).toBe(1)
    const refused = await Promise.all(Array.from({ length: 120 }, () => timed(small.as(operator)(getMe, {}))))
    for (const { result } of refused) expectRefusal(result, 'overloaded')
    expect(refused.filter(({ milliseconds }) => milliseconds >= 1_000)).toHaveLength(20)
    await letGo()
    expect((await held).status).toBe(200)
    expect((await small.as(operator)(getMe, {})).status).toBe(200)
  })

  test('are told of in the log once a second, not each', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const told: unknown[] = []
    const refusalTime = refusals({ warn: (fields: unknown) => told.push(fields) })
    for (let n = 0; n < 90; n += 1) await refusalTime()
    expect(told).toEqual([])
    vi.advanceTimersByTime(1_000)
    for (let n = 0; n < 5; n += 1) await refusalTime()
    vi.advanceTimersByTime(10_000)
    expect(told).toEqual([{ refused: 90 }, { refused: 5 }])
  })
})

describe('the queue for a connection', () => {
  test('is bounded for statements and transactions alike, and nobody waits in it for longer than three seconds', async () => {
    const pool = openPool(desk.database.connection, silentLog, ownersRights, 1, 2)
    const client = await pool.connect()
    const began = performance.now()
    const waiting = [pool.query('select 1'), pool.connect()].map((waiter) =>
      waiter.catch((error: unknown) => error),
    )
    await expect(pool.query('select 1')).rejects.toMatchObject({ code: 'overloaded', status: 503 })
    await expect(pool.connect()).rejects.toMatchObject({ code: 'overloaded' })
    await expect(inTransaction({ db: pool }, async () => 'done')).rejects.toMatchObject({
      code: 'overloaded',
    })
    expect(performance.now() - began).toBeLessThan(1_000)

    expect((await Promise.all(waiting)).map(isUnavailable)).toEqual([true, true])
    expect(performance.now() - began).toBeLessThan(4_000)
    client.release()
    expect((await pool.query('select 1')).rowCount).toBe(1)
    await pool.end()
  })
})

describe('searches', async () => {
  const operators = await Promise.all(Array.from({ length: 25 }, () => desk.given.operator()))
  const callers = (count: number) => operators.slice(0, count)

  /** How long a small call takes while sixteen lists of requests cannot be read. */
  async function besideSixteen(query: { q?: string }) {
    const { id } = await desk.given.customer()
    expect((await desk.as(operator)(getCustomer, { params: { id } })).status).toBe(200)
    const letGo = await hold(desk, 'lock table tickets in access exclusive mode')
    const lists = callers(8).flatMap((caller) => [0, 1].map(() => desk.as(caller)(listRequests, { query })))
    await expect.poll(() => waitingForLocks(desk)).toBeGreaterThanOrEqual(4)
    const call = timed(desk.as(operator)(getCustomer, { params: { id } }))
    const soon = await Promise.race([call, pause(1_000)])
    const reading = await waitingForLocks(desk)
    await letGo()
    const { result, milliseconds } = await call
    expect(result.status).toBe(200)
    return { soon: soon !== undefined, milliseconds, reading, lists: counted(await Promise.all(lists)) }
  }

  test('that are slow, sixteen of them, delay nobody else, and are answered in turn', async () => {
    await desk.given.request({ body: 'Winter is coming' })
    expect(await besideSixteen({ q: 'winter' })).toMatchObject({
      soon: true,
      reading: 4,
      lists: { 200: 16 },
    })
  })

  test('control: lists that are no searches take every connection, and a small call waits behind them', async () => {
    expect(await besideSixteen({})).toMatchObject({ soon: false, reading: 8 })
  })

  test('wait in a queue that has a bound', async () => {
    const letGo = await hold(desk, 'lock table tickets in access exclusive mode')
    const answers: Answer<unknown>[] = []
    const all = callers(25)
      .flatMap((caller) => [caller, caller])
      .map(async (caller) => {
        answers.push(await desk.as(caller)(listRequests, { query: { q: 'winter' } }))
      })
    await expect.poll(() => answers.length).toBe(50 - 4 - 32)
    for (const refused of answers) expectRefusal(refused, 'overloaded')
    await letGo()
    await Promise.all(all)
    expect(counted(answers)).toEqual({ 200: 36, 503: 14 })
  })

  describe('of one caller', () => {
    const ofOne = 'urn:frontdesk:problem:too_many_requests'

    /** What is answered to 45 searches that are made at once while they cannot be read, before they can, and in all. */
    async function fortyFive(at: TestDesk, searchOf: () => Promise<Answer<unknown>>) {
      const letGo = await hold(at, 'lock table tickets in access exclusive mode')
      const answers: Answer<unknown>[] = []
      const all = Array.from({ length: 45 }, async () => void answers.push(await searchOf()))
      await expect.poll(() => answers.length).toBe(45 - 2 - 8)
      const refused = [...answers]
      return {
        refused,
        async end() {
          await letGo()
          await Promise.all(all)
          return counted(answers)
        },
      }
    }

    test('are two at a time, eight wait, and nobody else waits behind them', async () => {
      const customer = await desk.given.user()
      await desk.given.request({ customer_id: await desk.given.own(customer), body: 'Winter is coming' })
      const { last_name } = await desk.given.customer({ last_name: 'Greyjoy' })
      const found = () => desk.as(operator)(listCustomers, { query: { q: last_name } })
      expect((await found()).body.count).toBe(1)
      const { refused, end } = await fortyFive(desk, () =>
        desk.as(customer)(search, { query: { q: 'winter' } }),
      )
      for (const { status, headers, problem } of refused)
        expect([status, headers.get('retry-after'), problem.type]).toEqual([429, '1', ofOne])
      await expect.poll(() => waitingForLocks(desk)).toBe(2)
      // While those two cannot go on.
      expect((await found()).status).toBe(200)
      // A list that is searched counts like a search.
      expect((await desk.as(customer)(listTickets, { query: { q: 'winter' } })).status).toBe(429)
      expect((await desk.as(customer)(getMe, {})).status).toBe(200)
      expect(await end()).toEqual({ 200: 10, 429: 35 })
      expect((await desk.as(customer)(search, { query: { q: 'winter' } })).body.count).toBe(1)
    })

    test('of many customers together are three at a time, so that the staff always has one', async () => {
      const { last_name } = await desk.given.customer({ last_name: 'Martell' })
      const customers = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const user = await desk.given.user()
          await desk.given.own(user)
          return desk.as(user)
        }),
      )
      const letGo = await hold(desk, 'lock table tickets in access exclusive mode')
      const answers: Answer<unknown>[] = []
      const searches = [...customers, ...customers].map(
        async (as) => void answers.push(await as(search, { query: { q: 'winter' } })),
      )
      await expect.poll(() => answers.length).toBe(40 - 3 - 24)
      expect(counted(answers)).toEqual({ 503: 13 })
      const found = await desk.as(operator)(listCustomers, { query: { q: last_name } })
      expect([found.status, found.body.count]).toEqual([200, 1])
      await letGo()
      await Promise.all(searches)
      expect(counted(answers)).toEqual({ 200: 27, 503: 13 })
    })

    test('are those from one network, where nobody is signed in', async () => {
      const open = await openTestDesk({ beside: desk, anonymousRole: 'operator' })
      const { refused, end } = await fortyFive(open, () =>
        open.anonymous(listRequests, { query: { q: 'winter' } }),
      )
      expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 429))
      const { status } = await open.as(operator)(listCustomers, { query: { q: 'Greyjoy' } })
      expect(status).toBe(200)
      expect(await end()).toEqual({ 200: 10, 429: 35 })
    })
  })

  test('inside transactions never wait for a turn, on which transactions could wait for each other', async () => {
    const page = {
      sort: 'created',
      descending: true,
      limit: 10,
      place: undefined,
      searcher: { countedAs: 1, isStaff: true },
    }
    const find = () =>
      inTransaction(desk.ctx, async (ctx) => {
        await ctx.db.query({ text: 'select pg_sleep(0.2)' })
        return requests.list(ctx, { q: 'winter', show_archived: false }, page)
      })
    const { result, milliseconds } = await timed(Promise.all(Array.from({ length: 16 }, find)))
    expect(result).toHaveLength(16)
    // Two rounds of eight; in turns of four it would be four.
    expect(milliseconds).toBeLessThan(3_000)
  })
})

describe('a time limit', () => {
  test('on waiting for a lock answers 503 after two seconds and frees the connection', async () => {
    const { id, letGo } = await heldCustomer(desk)
    const { result, milliseconds } = await timed(change(desk, id))
    expectRefusal(result, 'unavailable')
    expect(milliseconds).toBeGreaterThan(1_900)
    expect(milliseconds).toBeLessThan(4_000)
    expect(connectionsOf(desk)).toEqual({ busy: 0, waiting: 0 })
    await letGo()
    expect((await change(desk, id)).status).toBe(200)
  })

  test('on a statement answers 503 after five seconds and frees the connection, also under an Idempotency-Key', async () => {
    const { id } = await desk.given.customer()
    await desk.rows(
      `create function sleep_long() returns trigger language plpgsql as 'begin perform pg_sleep(30); return new; end'`,
    )
    await desk.rows(
      'create trigger slow before update on customers for each row execute function sleep_long()',
    )
    const answers = await Promise.all(
      [{}, { 'idempotency-key': 'slow' }].map((headers) => timed(change(desk, id, headers))),
    )
    for (const { result, milliseconds } of answers) {
      expectRefusal(result, 'unavailable')
      expect(milliseconds).toBeLessThan(7_000)
    }
    expect(connectionsOf(desk)).toEqual({ busy: 0, waiting: 0 })
    await desk.rows('drop trigger slow on customers')
    expect((await change(desk, id, { 'idempotency-key': 'slow' })).status).toBe(200)
  })

  test('on a transaction in which nothing is done ends it, and its connection is not given to the next', async () => {
    const shown = await desk.ctx.db.query({ text: 'show idle_in_transaction_session_timeout' })
    expect(shown.rows).toEqual([{ idle_in_transaction_session_timeout: '10s' }])
    const pids: unknown[] = []
    const idle = inTransaction(desk.ctx, async (ctx) => {
      pids.push(...(await ctx.db.query({ text: 'select pg_backend_pid() as pid' })).rows)
      await ctx.db.query({ text: `set local idle_in_transaction_session_timeout = '200ms'` })
      await pause(600)
      await ctx.db.query({ text: 'select 1' })
    })
    expect(isUnavailable(await idle.catch((error: unknown) => error))).toBe(true)
    const alive = `select from pg_stat_activity where pid = ${(pids[0] as { pid: number }).pid}`
    expect(await desk.rows(alive)).toEqual([])
    expect((await desk.as(operator)(getMe, {})).status).toBe(200)
  })

  test('on an answer holds for calls with a body as well', async () => {
    const asked = Promise.withResolvers<void>()
    const query: Database['query'] = (query) => {
      if (!query.text.includes('insert into customers')) return desk.ctx.db.query(query)
      asked.resolve()
      return new Promise(() => {})
    }
    const hanging = Object.assign(Object.create(desk.ctx.db) as Database, { query })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { api } = await buildApp({ ...desk.ctx, db: hanging }, secretKey, newRegistry())
    const url = await api.listen({ host: '127.0.0.1', port: 0 })
    const answer = callerOf(url, { authorization: `Bearer ${operator.token}` })(createCustomer, {
      body: { first_name: 'Ed', last_name: 'Stark' },
    })
    await asked.promise
    vi.advanceTimersByTime(14_000)
    expect(await Promise.race([answer, new Promise((resolve) => setImmediate(resolve, 'none yet'))])).toBe(
      'none yet',
    )
    vi.advanceTimersByTime(1_000)
    vi.useRealTimers()
    expectRefusal(await answer, 'unavailable')
    await api.close()
  })
})
