// Idempotency-Key, for every POST and PATCH that there is or will be.
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  changeMyPassword,
  createCustomer,
  type Endpoint,
  requestFor,
  updateCustomer,
  takesIdempotencyKey,
} from '../contract/index.ts'
import { readConfig } from '../server/config.ts'
import { openDesk } from '../server/desk.ts'
import { idempotencyTasks } from '../server/http/idempotency.ts'
import { openTestDesk, secretKey, type TestDesk } from './support/desk.ts'
import type { TestUser } from './support/given.ts'
import { outsideDatabase } from './support/outside-database.ts'
import { sendTo } from './support/send.ts'
import { silentLog } from './support/silent-log.ts'
import { callable, workingCall, workingCaller } from './support/working-calls.ts'

const desk = await openTestDesk()
const second = await openTestDesk({ beside: desk })
const limited = await openTestDesk({ beside: desk, rateLimit: true })
const { given, rows } = desk

const keyed = callable.filter(takesIdempotencyKey)

interface Sent {
  readonly status: number
  readonly text: string
  /** What the second answer has in common with the first: all of it but whose delivery it is. */
  readonly answer: object
  readonly headers: Headers
}

async function send(
  endpoint: Endpoint,
  call: object,
  { caller, key, at = desk, ...more }: { caller: TestUser; key: string; at?: TestDesk; accept?: string },
): Promise<Sent> {
  const { method, path, headers, body } = requestFor(endpoint, call as never)
  const {
    status,
    headers: told,
    text,
  } = await sendTo(at.url, {
    method,
    path,
    headers: { ...headers, ...more, authorization: `Bearer ${caller.token}`, 'idempotency-key': key },
    body,
  })
  const answer = {
    status,
    text,
    location: told.get('location'),
    etag: told.get('etag'),
    type: told.get('content-type'),
  }
  return { status, text, answer, headers: told }
}

/** How much was done since: changes, and work put off for later, such as mails. */
async function doneSince(done: number) {
  return (await doneSoFar()) - done
}

async function doneSoFar() {
  const [found] = await rows<{ done: number }>(
    `select (select count(*) from audit_events) + (select count(*) from graphile_worker._private_jobs) as done`,
  )
  return found?.done ?? 0
}

test('there is something to test', () => {
  expect(keyed.length).toBeGreaterThan(7)
})

describe.each(keyed.map((endpoint) => [endpoint.schema.operationId, endpoint] as const))(
  '%s',
  (_name, endpoint) => {
    test('happens once, and answers the same again, on every instance', async () => {
      const caller = await workingCaller(desk, endpoint)
      const call = await workingCall(desk, endpoint, caller)
      const key = randomUUID()
      const before = await doneSoFar()
      const first = await send(endpoint, call, { caller, key })
      expect(first.status).toBeLessThan(300)
      expect(first.headers.has('idempotency-replayed')).toBe(false)
      const changes = await doneSince(before)
      expect(changes).toBeGreaterThan(0)
      for (const at of [desk, second]) {
        const again = await send(endpoint, call, { caller, key, at })
        expect(again.answer).toEqual(first.answer)
        expect(again.headers.get('idempotency-replayed')).toBe('true')
      }
      expect(await doneSince(before)).toBe(changes)
    })

    test('happens once when twenty come together: they get the answer, or hear that it is on its way', async () => {
      const caller = await workingCaller(desk, endpoint)
      const call = await workingCall(desk, endpoint, caller)
      const key = randomUUID()
      const before = await doneSoFar()
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          send(endpoint, call, { caller, key, at: n % 2 ? desk : second }),
        ),
      )
      const changes = await doneSince(before)
      const done = answers.filter(({ status }) => status < 300)
      expect(done.length).toBeGreaterThan(0)
      for (const { answer } of done) expect(answer).toEqual(done[0]?.answer)
      for (const { status, text, headers } of answers.filter(({ status }) => status >= 300)) {
        expect([status, JSON.parse(text).type]).toEqual([409, 'urn:frontdesk:problem:idempotency_key_in_use'])
        expect(headers.get('retry-after')).toBe('1')
      }
      // As many as of one alone.
      const alone = await workingCaller(desk, endpoint)
      const own = await workingCall(desk, endpoint, alone)
      const start = await doneSoFar()
      await send(endpoint, own, { caller: alone, key })
      expect(changes).toBe(await doneSince(start))
    })

    test('a key of more than 255 characters, or of none, is refused', async () => {
      const caller = await workingCaller(desk, endpoint)
      const call = await workingCall(desk, endpoint, caller)
      for (const key of ['x'.repeat(256), '']) {
        const before = await doneSoFar()
        const { status, text } = await send(endpoint, call, { caller, key })
        expect([status, JSON.parse(text).type]).toEqual([400, 'urn:frontdesk:problem:bad_idempotency_key'])
        expect(await doneSince(before)).toBe(0)
      }
      expect((await send(endpoint, call, { caller, key: 'x'.repeat(255) })).status).toBeLessThan(300)
    })
  },
)

test('while the first call is running, the second is told so at once: it does not wait for what the first waits for', async () => {
  const caller = await given.operator()
  const { id } = await given.customer()
  const call = { params: { id }, body: { first_name: 'Ned' } }
  const key = randomUUID()
  const holder = await desk.pool.connect()
  await holder.query('begin')
  await holder.query('select from customers where id = $1 for update', [id])
  const first = send(updateCustomer, call, { caller, key })
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await expect.poll(() => rows(waiting)).toHaveLength(1)
  const told = await send(updateCustomer, call, { caller, key, at: second })
  const stillWaiting = await rows(waiting)
  await holder.query('rollback')
  holder.release()
  expect([told.status, JSON.parse(told.text).type]).toEqual([
    409,
    'urn:frontdesk:problem:idempotency_key_in_use',
  ])
  expect(stillWaiting).toHaveLength(1)
  expect((await first).status).toBe(200)
})

const ed = { body: { first_name: 'Ed', last_name: 'Stark' } }

test('another call under the same key is refused: another body, another path, another method', async () => {
  const caller = await given.operator()
  const key = randomUUID()
  const { text } = await send(createCustomer, ed, { caller, key })
  const { id } = JSON.parse(text) as { id: number }
  const ned = { ...ed.body, first_name: 'Ned' }
  for (const [endpoint, call] of [
    [createCustomer, { body: ned }],
    [updateCustomer, { params: { id }, body: { first_name: 'Ned' } }],
    [updateCustomer, { params: { id }, body: ed.body }],
  ] as const) {
    const refused = await send(endpoint, call, { caller, key })
    expect([refused.status, JSON.parse(refused.text).type]).toEqual([
      422,
      'urn:frontdesk:problem:idempotency_key_reused',
    ])
  }
})

test('a key is its own for each user', async () => {
  const [one, other] = await given.operators(2)
  const key = randomUUID()
  const first = await send(createCustomer, ed, { caller: one as TestUser, key })
  const theirs = await send(createCustomer, ed, { caller: other as TestUser, key })
  expect([first.status, theirs.status]).toEqual([201, 201])
  expect(theirs.text).not.toBe(first.text)
})

test('a refusal is kept like any answer, and what went before it is undone', async () => {
  const caller = await given.operator()
  const taken = await given.customer({ phone: '+442083661171' })
  const call = { body: { ...ed.body, phone: '+442083661171' } }
  const key = randomUUID()
  const before = await doneSoFar()
  const refused = await send(createCustomer, call, { caller, key })
  expect([refused.status, JSON.parse(refused.text).conflicts_with]).toEqual([
    409,
    `/api/v1/customers/${taken.id}`,
  ])
  await rows(`update customers set phone = null where id = $1`, [taken.id])
  expect((await send(createCustomer, call, { caller, key })).answer).toEqual(refused.answer)
  expect(await doneSince(before)).toBe(0)
  expect((await send(createCustomer, call, { caller, key: randomUUID() })).status).toBe(201)
})

test('what may be tried again is not kept: a stale version, and a body that does not fit', async () => {
  const caller = await given.operator()
  const { id } = await given.customer()
  const key = randomUUID()
  const call = { params: { id }, body: { first_name: 'Ned' } }
  const headers = { 'if-match': '"9"' }
  expect((await send(updateCustomer, call, { caller, key, ...headers })).status).toBe(412)
  expect((await send(createCustomer, { body: { first_name: 7 } }, { caller, key })).status).toBe(422)
  expect((await send(updateCustomer, call, { caller, key })).status).toBe(200)
})

test('after a success under If-Match, the repeat is answered, though the version has gone on', async () => {
  const caller = await given.operator()
  const { id } = await given.customer()
  const call = { params: { id }, body: { first_name: 'Ned' } }
  const options = { caller, key: randomUUID(), 'if-match': '"1"' }
  const first = await send(updateCustomer, call, options)
  expect([first.status, first.headers.get('etag')]).toEqual([200, '"2"'])
  expect((await send(updateCustomer, call, options)).answer).toEqual(first.answer)
})

test('an answer with links is kept with its links', async () => {
  const options = { caller: await given.operator(), key: randomUUID(), accept: 'application/hal+json' }
  const first = await send(createCustomer, ed, options)
  expect(JSON.parse(first.text)._links.self.href).toBe(first.headers.get('location'))
  expect((await send(createCustomer, ed, options)).answer).toEqual(first.answer)
})

test('after 24 hours the key is free again, and a job forgets what was kept', async () => {
  const caller = await given.operator()
  const key = randomUUID()
  const age = (hours: number) =>
    rows(`update idempotency_keys set created_at = now() - $2 * interval '1 hour' where key = $1`, [
      key,
      hours,
    ])
  const first = await send(createCustomer, ed, { caller, key })
  await age(23.9)
  expect((await send(createCustomer, ed, { caller, key })).answer).toEqual(first.answer)
  await age(24.1)
  const next = await send(createCustomer, { body: { ...ed.body, first_name: 'Ned' } }, { caller, key })
  expect([next.status, next.headers.has('idempotency-replayed')]).toEqual([201, false])

  const kept = async () => (await rows('select 1 from idempotency_keys where key = $1', [key])).length
  await idempotencyTasks(desk.ctx)['forget_idempotency_keys']?.work()
  expect(await kept()).toBe(1)
  await age(24.1)
  await idempotencyTasks(desk.ctx)['forget_idempotency_keys']?.work()
  expect(await kept()).toBe(0)
})

test('no secret is kept: neither what was sent nor a plain hash of it', async () => {
  const caller = await given.user({ password: 'keep-yourself-warm' })
  const body = { current_password: 'keep-yourself-warm', new_password: 'and-stay-warm-all-winter' }
  const call = { body }
  expect((await send(changeMyPassword, call, { caller, key: randomUUID() })).status).toBe(204)
  const { rows: kept } = await desk.ctx.db.query({
    text: 'select idempotency_keys::text as row from idempotency_keys',
  })
  expect(JSON.stringify(kept)).not.toMatch(/keep-yourself-warm|stay-warm/)
})

test('control: without a key each call happens', async () => {
  const call = desk.as(await given.operator())
  const [one, other] = [await call(createCustomer, ed), await call(createCustomer, ed)]
  expect(one.body.id).not.toBe(other.body.id)
})

test('a desk forgets them by itself', { timeout: 30_000 }, async () => {
  const database = await outsideDatabase({ migrated: true })
  const config = readConfig({ DATABASE_URL: database.url, SECRET_KEY: secretKey, LOG_LEVEL: 'silent' })
  const running = await openDesk({ ...config, port: 0 }, silentLog, new AbortController().signal)
  try {
    await database.ask(`insert into idempotency_keys (caller, key, fingerprint, status, headers, body, created_at)
      values ('1', 'old', sha256('x'), 201, '{}', '', now() - interval '25 hours')`)
    await database.ask(`select graphile_worker.add_job('forget_idempotency_keys')`)
    const kept = () => database.ask('select 1 from idempotency_keys')
    await expect.poll(kept, { timeout: 10_000 }).toEqual([])
  } finally {
    await running.close()
  }
})

test('thirty at once who change their passwords under a key do not wait for each other for ever', async () => {
  const callers = await Promise.all(
    Array.from({ length: 30 }, () => given.user({ password: 'keep-yourself-warm' })),
  )
  const body = { current_password: 'keep-yourself-warm', new_password: 'and-stay-warm-all-winter' }
  const sent = callers.map((caller) =>
    send(changeMyPassword, { body }, { caller, key: randomUUID(), at: limited }),
  )
  expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(callers.map(() => 204))
})

test('a right password is no try, under a key as well, whatever is wrong with the new one', async () => {
  const caller = await given.user({ password: 'keep-yourself-warm' })
  for (let tries = 0; tries < 7; tries += 1) {
    const body = { current_password: 'keep-yourself-warm', new_password: 'weak' }
    const { status } = await send(changeMyPassword, { body }, { caller, key: randomUUID(), at: limited })
    expect(status).toBe(422)
  }
})

test('a wrong password counts as a try, also under a key', async () => {
  const caller = await given.user({ password: 'keep-yourself-warm' })
  const statuses: number[] = []
  for (let tries = 0; tries < 7; tries += 1) {
    const body = { current_password: `wrong ${tries}`, new_password: 'and-stay-warm-all-winter' }
    statuses.push((await send(changeMyPassword, { body }, { caller, key: randomUUID(), at: limited })).status)
  }
  expect(statuses).toEqual([422, 422, 422, 422, 422, 429, 429])
})
