// The audit log as it is read: all of it by admins, a record's history by operators.
import { expect, test } from 'vitest'
import {
  actions,
  archiveCustomer,
  assignRequest,
  type AuditEvent,
  closeRequest,
  createCustomer,
  createRequest,
  editRequest,
  listAuditEvents,
  listCustomerHistory,
  listRequestHistory,
  type Query,
  restoreCustomer,
  updateCustomer,
  recordTypes,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'

const { as, given, rows, url } = await openTestDesk()
const admin = await given.admin()
const operator = await given.operator()
const call = as(operator)

const find = async (query: Partial<Query<typeof listAuditEvents>>) =>
  (await as(admin)(listAuditEvents, { query })).body
const actionsOf = ({ results }: { results: readonly AuditEvent[] }) => results.map(({ action }) => action)

/** A customer who was made, changed, archived and restored by one operator. */
async function livelyCustomer(by = operator) {
  const { id } = (await as(by)(createCustomer, { body: { first_name: 'Ed', last_name: 'Stark' } })).body
  const params = { id }
  await as(by)(updateCustomer, { params, body: { last_name: 'Snow', company: 'The Watch' } })
  await as(by)(archiveCustomer, { params })
  await as(by)(restoreCustomer, { params })
  return id
}
const life = ['customer.restored', 'customer.archived', 'customer.updated', 'customer.created']

test('a record is found by its type and number, with what it was and what it became', async () => {
  const id = await livelyCustomer()
  const found = await find({ record: `customer:${id}` })

  expect([found.count, actionsOf(found)]).toEqual([4, life])
  const [, , updated, created] = found.results
  expect(created).toMatchObject({
    before: null,
    after: { id, last_name: 'Stark', company: null, version: 1 },
  })
  expect(updated).toMatchObject({
    actor_id: operator.id,
    actor_role: 'operator',
    record_type: 'customer',
    record_id: id,
    before: created?.after,
    after: { id, last_name: 'Snow', company: 'The Watch', version: 2 },
  })
  expect(await find({ record: `ticket:${id + 100_000}` })).toMatchObject({ count: 0, results: [] })
})

test('each effect names the call that had it', async () => {
  const { body, headers } = await call(createCustomer, { body: { first_name: 'Arya', last_name: 'Stark' } })
  const { results } = await find({ record: `customer:${body.id}` })
  expect(results[0]?.request_id).toBe(headers.get('x-request-id'))
  expect(results[0]?.request_id).toMatch(/^[\da-f-]{36}$/)
})

test('an actor, an action and a time narrow it down, alone and together', async () => {
  const somebody = await given.operator()
  const id = await livelyCustomer(somebody)
  const other = await livelyCustomer(somebody)
  const all = await find({ actor: somebody.id })
  const [archived] = (await find({ record: `customer:${id}`, action: 'customer.archived' })).results
  const at = archived?.at ?? ''

  expect(actionsOf(all)).toEqual([...life, ...life])
  expect(actionsOf(await find({ actor: somebody.id, record: `customer:${other}` }))).toEqual(life)
  expect(actionsOf(await find({ actor: somebody.id, action: 'customer.updated' }))).toHaveLength(2)
  expect((await find({ action: 'customer.updated' })).count).toBeGreaterThan(2)
  expect((await find({ action: 'user.password_changed' })).results).toEqual([])
  expect((await find({ actor: 999_999 })).results).toEqual([])
  // What happened at the very moment is in the range that begins with it, and not in the one that ends with it.
  expect(actionsOf(await find({ record: `customer:${id}`, from: at }))).toEqual(life.slice(0, 2))
  expect(actionsOf(await find({ record: `customer:${id}`, until: at }))).toEqual(life.slice(2))
  expect(actionsOf(await find({ actor: somebody.id, from: at, until: at }))).toEqual([])
  expect(
    actionsOf(
      await find({ actor: somebody.id, action: 'customer.archived', record: `customer:${id}`, from: at }),
    ),
  ).toEqual(['customer.archived'])
})

test('a time is one moment, in whatever zone it is told', async () => {
  const id = await livelyCustomer()
  const record = `customer:${id}`
  await rows(`insert into audit_events (at, actor_role, action, record_type, record_id, request_id)
    select '2001-02-03T04:05:06.789012Z', 'test', 'customer.remembered', 'customer', ${id}, 'test' returning id`)

  const spellings = [
    '2001-02-03T04:05:06.789012Z',
    '2001-02-03T04:05:06.7890129Z',
    '2001-02-03t04:05:06.789012z',
    '2001-02-03T23:35:06.789012+19:30',
    '2001-02-02T08:06:06.789012-19:59',
  ]
  for (const moment of spellings) {
    expect(actionsOf(await find({ record, from: moment })), moment).toHaveLength(5)
    expect(actionsOf(await find({ record, until: moment })), moment).toHaveLength(0)
  }
  const widest = { from: '0000-01-01T00:00:00Z', until: '9999-12-31T23:59:59-23:00' }
  expect(actionsOf(await find({ record, ...widest }))).toHaveLength(5)
})

test('its pages are the whole of it, in order, there and back', async () => {
  const somebody = await given.operator()
  for (let n = 0; n < 5; n += 1) await livelyCustomer(somebody)
  const whole = (await find({ actor: somebody.id })).results.map(({ id }) => id)
  const follow = async (path: string | null, direction: 'next' | 'previous') => {
    const pages: Awaited<ReturnType<typeof find>>[] = []
    while (path) {
      const headers = { authorization: `Bearer ${admin.token}` }
      const page = JSON.parse((await sendTo(url, { path, headers })).text) as Awaited<ReturnType<typeof find>>
      pages.push(page)
      path = page[direction]
    }
    return pages
  }
  const idsOf = (pages: Awaited<ReturnType<typeof follow>>) =>
    pages.flatMap(({ results }) => results.map(({ id }) => id))
  const there = await follow(`/api/v1/audit?actor=${somebody.id}&limit=7`, 'next')
  const back = await follow(there.at(-1)?.previous ?? null, 'previous')

  expect(there.map(({ count, results }) => [count, results.length])).toEqual([
    [20, 7],
    [20, 7],
    [20, 6],
  ])
  expect(idsOf(there)).toEqual(whole)
  expect(idsOf(back.toReversed())).toEqual(whole.slice(0, 14))
  expect((await find({ actor: somebody.id, sort: 'created' })).results.map(({ id }) => id)).toEqual(
    whole.toReversed(),
  )
})

test.each<[string, string, string]>([
  ['record=customer', '/record', `must be the type (${recordTypes.join(', ')}) and the number`],
  ['record=customer:0', '/record', `must be the type (${recordTypes.join(', ')}) and the number`],
  [
    'record=customer:99999999999999999999',
    '/record',
    `must be the type (${recordTypes.join(', ')}) and the number`,
  ],
  ['actor=ed', '/actor', 'must be integer'],
  ['action=customer', '/action', `must be one of ${actions.join(', ')}`],
  ['from=yesterday', '/from', 'must be a date-time'],
  ['from=2026-11-21', '/from', 'must be a date-time'],
  ['from=2026-11-21T23:59:60Z', '/from', 'must be a moment that there is'],
  ['from=2026-11-21T10:00:00Z&until=2026-11-21T09:59:59Z', '/until', 'must not be before from'],
  ['from=2026-11-21T10:00:00Z&until=2026-11-21T10:30:00%2B01:00', '/until', 'must not be before from'],
  ['since=2026-11-21T10:00:00Z', '/since', 'is not a known parameter'],
])('S25 %s is refused', async (query, pointer, detail) => {
  const { status, text } = await sendTo(url, {
    path: `/api/v1/audit?${query}`,
    headers: { authorization: `Bearer ${admin.token}` },
  })
  expect([status, JSON.parse(text)]).toEqual([
    422,
    expect.objectContaining({ errors: [{ in: 'query', pointer, detail: expect.stringContaining(detail) }] }),
  ])
})

test("a customer's history says what became of each field", async () => {
  const id = await livelyCustomer()
  const { count, results } = (await call(listCustomerHistory, { params: { id } })).body
  const [restored, archived, updated, created] = results

  expect([count, results.map(({ action }) => action)]).toEqual([4, life])
  expect(created).toMatchObject({ actor_id: operator.id, actor_role: 'operator' })
  expect(created?.changes).toEqual({
    first_name: { from: null, to: 'Ed' },
    last_name: { from: null, to: 'Stark' },
  })
  expect(updated?.changes).toEqual({
    company: { from: null, to: 'The Watch' },
    last_name: { from: 'Stark', to: 'Snow' },
  })
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  expect(archived?.changes).toEqual({ archived_at: { from: null, to: time } })
  expect(restored?.changes).toEqual({
    archived_at: { from: archived?.changes['archived_at']?.to, to: null },
  })
})

test("a request's history is told in the words of a request", async () => {
  const customer = await given.customer()
  const { body } = await call(createRequest, {
    params: { id: customer.id },
    body: { subject: 'Winter', body: 'Winter is coming' },
  })
  const params = { id: body.id }
  await call(editRequest, { params, body: { body: 'Winter is here' } })
  await call(assignRequest, { params: { id: operator.id, request_id: body.id } })
  await call(closeRequest, {
    params,
    body: { status: 'COMPLETED', resolution_comment: 'Keep yourself warm' },
  })
  const { results } = (await call(listRequestHistory, { params })).body

  expect(results.map(({ action, changes }) => [action, changes])).toEqual([
    [
      'ticket.completed',
      {
        status: { from: 'IN_PROGRESS', to: 'COMPLETED' },
        resolution_comment: { from: null, to: 'Keep yourself warm' },
      },
    ],
    [
      'ticket.assigned',
      { status: { from: 'PENDING', to: 'IN_PROGRESS' }, processed_by: { from: null, to: operator.id } },
    ],
    ['ticket.edited', { body: { from: 'Winter is coming', to: 'Winter is here' } }],
    [
      'ticket.created',
      {
        body: { from: null, to: 'Winter is coming' },
        subject: { from: null, to: 'Winter' },
        status: { from: null, to: 'PENDING' },
        created_by: { from: null, to: customer.id },
        priority: { from: null, to: 'normal' },
        tags: { from: null, to: [] },
      },
    ],
  ])
})

test('an archived record keeps its history, and one that never was has none', async () => {
  const request = await given.request({ status: 'COMPLETED', archived: true })
  const history = await call(listRequestHistory, { params: { id: request.id }, query: { limit: 1 } })
  expect(history.body).toMatchObject({ count: 4, results: [{ action: 'ticket.archived' }] })
  expect(history.body.next).toContain(`/api/v1/requests/${request.id}/history?limit=1&cursor=`)
  expect((await call(listRequestHistory, { params: { id: 999_999 } })).problem.detail).toBe(
    'There is no request 999999.',
  )
  expect((await call(listCustomerHistory, { params: { id: 999_999 } })).problem.detail).toBe(
    'There is no customer 999999.',
  )
})
