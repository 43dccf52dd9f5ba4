// The database goes away, in each of the ways in which databases do, and comes back: what callers are told meanwhile, and how soon
// all is well again. OUTAGE_SECONDS makes the outages longer.
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createToken } from '../contract/index.ts'
import { callerOf } from './support/caller.ts'
import {
  ask,
  dataOf,
  type DeskProcess,
  eventually,
  newFolder,
  runs,
  serverPid,
  startDesk,
} from './support/desk-process.ts'
import { doorTo, type OutsideDatabase, outsideDatabase } from './support/outside-database.ts'

const outage = 1_000 * Number(process.env['OUTAGE_SECONDS'] ?? 3)
const timeout = 60_000 + 4 * outage
const password = 'winter-is-coming-soon'
const env = { SECRET_KEY: '0123456789abcdef'.repeat(4), ADMIN_PASSWORD: password, LOG_LEVEL: 'info' }

interface Call {
  readonly method: string
  readonly status: number
  readonly retryAfter: string | null
  readonly type: string | null
  readonly began: number
  readonly ended: number
}

/** Four callers who read and write, each as soon as it is answered; and what they were told. */
function startCallers({ url }: DeskProcess, headers: Readonly<Record<string, string>> = {}) {
  const calls: Call[] = []
  const stopping = new AbortController()
  let serial = 0

  async function call(method: 'GET' | 'POST'): Promise<void> {
    const began = performance.now()
    const body = JSON.stringify({ first_name: 'Ed', last_name: 'Stark' })
    const answer = await fetch(`${url}/api/v1/customers${method === 'GET' ? '?limit=1' : ''}`, {
      method,
      headers: {
        ...headers,
        'content-type': 'application/json',
        // Every other one in a transaction.
        ...(method === 'POST' && (serial += 1) % 2 === 0
          ? { 'idempotency-key': `${process.pid} ${serial}` }
          : {}),
      },
      ...(method === 'GET' ? {} : { body }),
    })
    await answer.arrayBuffer()
    calls.push({
      method,
      status: answer.status,
      retryAfter: answer.headers.get('retry-after'),
      type: answer.headers.get('content-type'),
      began,
      ended: performance.now(),
    })
  }

  async function callOnAndOn(method: 'GET' | 'POST') {
    while (!stopping.signal.aborted) {
      await call(method)
      await pause(20)
    }
  }
  const ended = Promise.all((['GET', 'GET', 'POST', 'POST'] as const).map(callOnAndOn))
  return {
    calls,
    /** Resolves with the milliseconds until a call that began after this moment has succeeded. */
    async success(method?: string) {
      const from = performance.now()
      const first = await eventually(() =>
        calls.find(
          (call) => call.began >= from && call.status < 300 && (method ?? call.method) === call.method,
        ),
      )
      return (first?.ended ?? Infinity) - from
    },
    async stop() {
      stopping.abort()
      await ended
    },
  }
}

const between = (calls: readonly Call[], from: number, to: number) =>
  calls.filter(({ began }) => began >= from && began < to)

/** Each was told, and soon, that it may try again. */
function expectUnavailable(calls: readonly Call[], within: number) {
  expect(calls).not.toEqual([])
  for (const { status, retryAfter, type, began, ended } of calls) {
    expect([status, retryAfter, type]).toEqual([503, '1', 'application/problem+json'])
    expect(ended - began).toBeLessThan(within)
  }
}

/** `db`: through the door. */
async function startBehindDoor(database: OutsideDatabase) {
  const door = await doorTo(database)
  const desk = await startDesk({ folder: await newFolder(), env: { ...env, DATABASE_URL: door.url.href } })
  const signedIn = await callerOf(desk.url, {})(createToken, { body: { username: 'admin', password } })
  const headers = { authorization: `Bearer ${signedIn.body.token}` }
  return { door, desk, headers, callers: startCallers(desk, headers) }
}

const healthOf = (desk: DeskProcess) =>
  Promise.all(
    ['/livez', '/readyz', '/api/v1/health'].map(async (path) => (await fetch(desk.url + path)).status),
  )

/** What nobody expected. The jobs' own library says so of a database that is gone, too, and is not meant. */
const surprises = (desk: DeskProcess) =>
  desk
    .logged()
    .split('\n')
    .filter((line) => /"level":"fatal"|unexpected error/.test(line))

/** That each instance hears of what changes, and does its jobs. */
async function expectAllWell(desk: DeskProcess, headers: Record<string, string>, { ask }: OutsideDatabase) {
  await eventually(async () => (await healthOf(desk)).every((status) => status === 200))
  // Others may have failed meanwhile, and are tried again much later.
  const [job] = await ask<{ id: string }>(`select id from graphile_worker.add_job('forget_ended_tokens')`)
  const waiting = () => ask(`select from graphile_worker.jobs where id = ${job?.id}`)
  expect(await eventually(async () => (await waiting()).length === 0)).toBe(true)

  await eventually(() => desk.logged().includes('the line for announcements of the database is open again'))
  const me = async () => (await fetch(`${desk.url}/api/v1/me`, { headers })).status
  expect(await me()).toBe(200)
  await ask(`update users set disabled_at = now() where username = 'admin'`)
  const disabled = performance.now()
  await eventually(async () => (await me()) === 401)
  expect(performance.now() - disabled).toBeLessThan(1_000)

  expect(surprises(desk)).toEqual([])
  expect(await desk.stop()).toEqual({ code: 0, signal: null })
}

describe.concurrent('while the database', { timeout }, () => {
  test('refuses everybody, every call is told so at once, and all is well within two seconds of its return', async () => {
    const database = await outsideDatabase({ migrated: true })
    const { door, desk, headers, callers } = await startBehindDoor(database)
    await callers.success()

    const began = performance.now()
    door.shut()
    await pause(outage / 2)
    expect(await healthOf(desk)).toEqual([200, 503, 503])
    await pause(outage / 2)
    const ended = performance.now()
    await door.open()

    for (const method of ['GET', 'POST']) expect(await callers.success(method)).toBeLessThan(2_000)
    await callers.stop()
    expectUnavailable(between(callers.calls, began, ended - 100), 1_000)
    expect(between(callers.calls, ended + 2_000, Infinity).filter(({ status }) => status >= 300)).toEqual([])
    await expectAllWell(desk, headers, database)
  })

  test('is silent, calls are given up within seconds, and all is well soon after its return', async () => {
    const database = await outsideDatabase({ migrated: true })
    const { door, desk, headers, callers } = await startBehindDoor(database)
    await callers.success()

    const began = performance.now()
    door.swallow()
    await pause(1_000)
    expect(await healthOf(desk)).toEqual([200, 503, 503])
    await pause(8_000 + outage)
    const ended = performance.now()
    await door.open()

    // A newcomer who was let in and told nothing waits for three seconds at most, before the next one is tried.
    expect(await callers.success()).toBeLessThan(4_000)
    await callers.stop()
    // A connection that was at work may have been so for five seconds: it is given six.
    expectUnavailable(
      callers.calls.filter((call) => call.ended > began + 500 && call.began < began + 1_000),
      7_000,
    )
    expectUnavailable(between(callers.calls, began + 1_000, ended - 3_100), 3_500)
    await expectAllWell(desk, headers, database)
  })

  test('is silent to those whom it knew, newcomers are served within seconds, and nobody hangs twice', async () => {
    const database = await outsideDatabase({ migrated: true })
    const { door, desk, headers, callers } = await startBehindDoor(database)
    await callers.success()

    const began = performance.now()
    door.silence()
    // The line for announcements is found dead within a second, and what is idle beside it is not trusted.
    await pause(1_500)
    const newcomer = await fetch(`${desk.url}/api/v1/customers?limit=1`, { headers })
    expect([newcomer.status, performance.now() - began < 3_000]).toEqual([200, true])
    await callers.success()
    await callers.stop()
    const hung = callers.calls.filter((call) => call.ended > began && call.status >= 300)
    expectUnavailable(hung, 7_000)
    expect(hung.length).toBeLessThanOrEqual(4)
    await expectAllWell(desk, headers, database)
  })

  test('takes no writes, reads go on, and no connection is kept to a server that stays a copy', async () => {
    const database = await outsideDatabase({ migrated: true })
    const { desk, headers, callers } = await startBehindDoor(database)
    await callers.success()
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`
    await database.ask(`alter database ${database.name} set default_transaction_read_only = on`)
    await database.ask(cut)
    await callers.success('GET')

    const began = performance.now()
    await pause(outage)
    const ended = performance.now()
    const writes = between(callers.calls, began, ended).filter(({ method }) => method === 'POST')
    expectUnavailable(writes, 1_000)
    // New sessions may write from now on; those that are there already never will.
    await database.ask(
      `set transaction_read_only = off; alter database ${database.name} reset default_transaction_read_only`,
    )

    expect(await callers.success('POST')).toBeLessThan(2_000)
    await pause(1_000)
    await callers.stop()
    const after = between(callers.calls, ended + 2_000, Infinity)
    expect(after.filter(({ status }) => status >= 300)).toEqual([])
    await database.ask(cut)
    await expectAllWell(desk, headers, database)
  })

  test('is killed, callers are told so, and are served again as soon as it is back', async () => {
    const folder = await newFolder()
    const desk = await startDesk({ folder, env: { ANONYMOUS_ROLE: 'operator', RATE_LIMIT: 'off' } })
    const callers = startCallers(desk)
    await callers.success()

    const postgres = serverPid(dataOf(folder))
    const began = performance.now()
    process.kill(postgres, 'SIGKILL')
    await eventually(() => !runs(postgres))
    await eventually(() => ask(folder, 'select 1'))
    const back = performance.now()
    expect(await callers.success()).toBeLessThan(2_000)
    await callers.stop()

    expectUnavailable(
      between(callers.calls, began, back).filter(({ status }) => status >= 300),
      3_500,
    )
    expect(await healthOf(desk)).toEqual([200, 200, 200])
    expect((await desk.stop()).code).toBe(0)
  })

  test('control: is there all the time, nobody is told otherwise', async () => {
    const database = await outsideDatabase({ migrated: true })
    const { desk, callers } = await startBehindDoor(database)
    await callers.success()
    await pause(outage)
    await callers.stop()
    expect(callers.calls.length).toBeGreaterThan(20)
    expect(callers.calls.filter(({ status }) => status >= 300)).toEqual([])
    expect((await desk.stop()).code).toBe(0)
  })
})
