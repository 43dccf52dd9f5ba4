// The chain of audit events: nobody who writes can break it, and whoever tampers with it is found out. The damage is
// done by the owner of the database with every lock taken off.
import { afterEach, expect, test } from 'vitest'
import { createCustomer } from '../contract/index.ts'
import { type ChainEntry, verifyChain } from '../server/audit/index.ts'
import { type Database, openPool } from '../server/db/database.ts'
import { relay } from '../server/db/relay.ts'
import { openTestDesk } from './support/desk.ts'
import { silentLog } from './support/silent-log.ts'

const desk = await openTestDesk()
const { ctx, given, rows } = desk
afterEach(() => withoutLocks('truncate audit_events, audit_chain, outbox restart identity'))

async function withoutLocks(sql: string) {
  const locks = (doing: string) =>
    `alter table audit_events ${doing} trigger user; alter table audit_chain ${doing} trigger user`
  await rows(`${locks('disable')}; ${sql}; ${locks('enable')}`)
}

async function verify(expected?: ChainEntry) {
  const told: string[] = []
  const { end, findings } = await verifyChain(ctx, expected, (finding) => told.push(finding))
  expect(findings).toBe(told.length)
  return { told, end }
}

async function sixEvents() {
  for (let n = 0; n < 6; n += 1) await given.customer()
  expect(await verify()).toMatchObject({ told: [], end: { position: 6 } })
}

test('fifty who write at once, while two put events into the chain, make one unbroken chain', async () => {
  const another = openPool(desk.database.connection, silentLog, desk.database.rights, 2)
  const call = desk.as(await given.operator())
  const written = new AbortController()
  const relayWhileWriting = async (db: Database) => {
    while (!written.signal.aborted) await relay(db)
  }
  const relays = [another, ctx.db].map(relayWhileWriting)
  for (let round = 0; round < 4; round += 1) {
    const made = Array.from({ length: 50 }, (_, n) =>
      call(createCustomer, { body: { first_name: 'Ed', last_name: `Stark ${n}` } }),
    )
    expect((await Promise.all(made)).map(({ status }) => status)).toEqual(Array(50).fill(201))
  }
  written.abort()
  await Promise.all(relays)
  await another.end()
  const { told, end } = await verify()

  expect(told).toEqual([])
  expect(await rows('select count(*)::integer as count from audit_events')).toEqual([
    { count: end?.position },
  ])
  expect(end?.position).toBeGreaterThanOrEqual(200)
})

test('an event whose transaction commits late stands behind those that came first, and is not missed', async () => {
  const late = await desk.pool.connect()
  await late.query('begin')
  await late.query(`insert into audit_events (actor_role, action, record_type, record_id, request_id)
    values ('test', 'customer.seen', 'customer', 1, 'late')`)
  await given.customer()
  await relay(ctx.db)
  await late.query('commit')
  late.release()
  const { told, end } = await verify()

  expect([told, end?.position]).toEqual([[], 2])
  expect(
    await rows(`select request_id from audit_chain join audit_events on id = event_id order by position`),
  ).toEqual([{ request_id: 'given' }, { request_id: 'late' }])
})

/** What is done to a chain of six events, positions and ids alike, and what is said of it. */
const damages: Readonly<Record<string, readonly [sql: string, told: readonly string[]]>> = {
  'an event that was edited': [
    `update audit_events set after = after || '{"last_name": "Lannister"}' where id = 3`,
    ['Event 3, number 3 of the chain, is not what was put there, or its hash was changed.'],
  ],
  'an event that was given to another actor, at another time': [
    `update audit_events set actor_id = 77, at = at - interval '1 microsecond' where id in (1, 6)`,
    [1, 6].map(
      (id) => `Event ${id}, number ${id} of the chain, is not what was put there, or its hash was changed.`,
    ),
  ],
  'an event that was removed': [
    `delete from audit_events where id = 3`,
    ['Event 3, number 3 of the chain, is gone.'],
  ],
  'an event that was removed with its entry': [
    `delete from audit_events where id = 3; delete from audit_chain where position = 3`,
    ['Number 3 of the chain is gone.'],
  ],
  'a chain whose beginning was cut off': [
    `delete from audit_events where id < 4; delete from audit_chain where position < 4`,
    ['Numbers 1 to 3 of the chain are gone.'],
  ],
  'a middle that was cut out, and what came after put in its place': [
    `delete from audit_events where id in (3, 4); delete from audit_chain where position in (3, 4);
     update audit_chain set position = position - 2 where position > 4`,
    ['Event 5, number 3 of the chain, is not what was put there, or its hash was changed.'],
  ],
  'two events that were put in another order': [
    `update audit_chain set event_id = -1 where position = 2; update audit_chain set event_id = 2 where position = 5;
     update audit_chain set event_id = 5 where position = 2`,
    ['Event 5, number 2', 'Event 2, number 5'].map(
      (who) => `${who} of the chain, is not what was put there, or its hash was changed.`,
    ),
  ],
  'an edited event whose own hash was made to fit': [
    `update audit_events set record_id = 99 where id = 3;
     update audit_chain set hash = sha256((select hash from audit_chain where position = 2) ||
       (select audit_event_bytes(audit_events) from audit_events where id = 3)) where position = 3`,
    ['Event 4, number 4 of the chain, is not what was put there, or its hash was changed.'],
  ],
  'entries that were removed at the end': [
    `delete from audit_chain where position > 4`,
    [5, 6].map(
      (id) => `Event ${id} is not in the chain, although nothing is written without a position in it.`,
    ),
  ],
  'an event that was smuggled in, far from all others': [
    `insert into audit_events (id, actor_role, action, record_type, record_id, request_id) values (9000000000000000, 'x', 'x.x', 'x', 1, 'x')`,
    ['Event 9000000000000000 is not in the chain, although nothing is written without a position in it.'],
  ],
  'an event that was smuggled in': [
    `insert into audit_events (id, actor_role, action, record_type, record_id, request_id) values (7, 'x', 'x.x', 'x', 1, 'x')`,
    ['Event 7 is not in the chain, although nothing is written without a position in it.'],
  ],
  'an event that was removed before it was put into the chain': [
    `insert into audit_events (id, actor_role, action, record_type, record_id, request_id) values (7, 'x', 'x.x', 'x', 1, 'x');
     insert into outbox values (7) on conflict do nothing;
     delete from audit_events where id = 7`,
    ['Event 7 is gone; it had not been put into the chain yet.'],
  ],
}

test.each(Object.entries(damages))('%s is found', async (_, [sql, expected]) => {
  await sixEvents()
  await withoutLocks(sql)
  expect((await verify()).told).toEqual(expected)
})

test('an event that an earlier version writes, which knows of no outbox, is put into the chain too', async () => {
  await rows(`with seen as (select 1 as id)
    insert into audit_events (actor_role, action, record_type, record_id, request_id)
    select 'operator', 'customer.updated', 'customer', id, 'old instance' from seen`)
  const { told, end } = await verify()
  expect([told, end?.position]).toEqual([[], 1])
})

test('a chain that was cut off at its end is whole in itself, and shows by a hash that was noted down', async () => {
  await sixEvents()
  const { end: noted } = await verify()
  await withoutLocks(`delete from audit_events where id > 4; delete from audit_chain where position > 4`)

  expect((await verify()).told).toEqual([])
  expect((await verify(noted)).told).toEqual([
    'The chain ends with number 4, before number 6, which is expected in it.',
  ])
  for (let n = 0; n < 3; n += 1) await given.customer()
  const { told, end } = await verify(noted)
  expect(told).toEqual([
    expect.stringMatching(/^Number 6 of the chain has the hash [\da-f]{64}, not the expected one\.$/),
  ])
  expect((await verify(end)).told).toEqual([])
})
