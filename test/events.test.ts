// The change feed, polled: every committed change once, in order, to whoever may see the record; and nothing else.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  archiveCustomer,
  archiveRequest,
  assignRequest,
  changeMyPassword,
  closeRequest,
  createCustomer,
  createOperator,
  createRequest,
  createToken,
  editRequest,
  type Event,
  listEvents,
  listMyTokens,
  restoreCustomer,
  revokeMyToken,
  updateCustomer,
  updateMe,
} from '../contract/index.ts'
import { changePolicies } from '../server/change-policies.ts'
import { openTestDesk } from './support/desk.ts'
import { readEvents } from './support/read-events.ts'
import { sendTo } from './support/send.ts'

const desk = await openTestDesk()
const { as, given, rows } = desk
const admin = await given.admin()
const operator = await given.operator()

/** Where the feed ends now. */
const here = async () => (await readEvents(as(admin))).after

/** As a use case writes one, for what cannot be done through the API. */
const change = (type: string, id = 1) => {
  const [recordType] = type.split('.')
  return `insert into audit_events (actor_role, action, record_type, record_id, after, request_id)
    values ('test', '${type}', '${recordType}', ${id}, '{}', 'by hand') returning id`
}

const inShort = (events: readonly Event[]) =>
  events.map(({ type, version, tombstone }) => `${type} ${version}${tombstone ? ' gone' : ''}`)

test('each kind of change is told once, in order, and says whether the record left the lists', async () => {
  const user = await given.user({ role: 'admin', username: 'ygritte', password: 'you-know-nothing-1' })
  const call = as(user)
  const after = await here()

  const { body: customer } = await call(createCustomer, { body: { first_name: 'Ed', last_name: 'Stark' } })
  const params = { id: customer.id }
  await call(updateCustomer, { params, body: { company: 'Winterfell' } })
  const { body: request } = await call(createRequest, { params, body: { body: 'Winter is coming' } })
  await call(editRequest, { params: { id: request.id }, body: { body: 'Winter is here' } })
  await call(assignRequest, { params: { id: operator.id, request_id: request.id } })
  await call(closeRequest, {
    params: { id: request.id },
    body: { status: 'COMPLETED', resolution_comment: 'Keep warm' },
  })
  await call(archiveRequest, { params: { id: request.id } })
  const { body: second } = await call(createRequest, { params, body: { body: 'Dragons' } })
  await call(archiveCustomer, { params })
  await call(restoreCustomer, { params })
  const { body: colleague } = await call(createOperator, { body: { first_name: 'Jennie', last_name: 'L' } })
  await call(updateMe, { body: { first_name: 'Ygritte' } })
  const { body: made } = await call(createToken, {
    body: { username: 'ygritte', password: 'you-know-nothing-1' },
  })
  const tokens = (await as(made)(listMyTokens, {})).body.results
  await call(revokeMyToken, { params: { id: tokens.find((token) => token.current)?.id ?? 0 } })
  await call(changeMyPassword, {
    body: { current_password: 'you-know-nothing-1', new_password: 'keep-yourself-warm' },
  })

  const { events } = await readEvents(call, { after })
  const told = inShort(events)
  // What one statement wrote of both is in no order of its own.
  const archived = told.splice(8, 2)
  const restored = told.splice(8, 2)
  expect(archived.toSorted()).toEqual(['customer.archived 3 gone', 'ticket.archived 2 gone'])
  expect(restored.toSorted()).toEqual(['customer.restored 4', 'ticket.restored 3'])
  expect(told).toEqual([
    'customer.created 1',
    'customer.updated 2',
    'ticket.created 1',
    'ticket.edited 2',
    'ticket.assigned 3',
    'ticket.completed 4',
    'ticket.archived 5 gone',
    'ticket.created 1',
    'user.created 1',
    'user.updated 2',
    'token.created null',
    'token.revoked null gone',
    'user.password_changed 3',
  ])
  const positions = events.map(({ id }) => id)
  expect(positions).toEqual(positions.map((_, index) => after + 1 + index))
  expect(events[0]).toMatchObject({
    record_type: 'customer',
    record_id: customer.id,
    href: `/api/v1/customers/${customer.id}`,
    actor_id: user.id,
  })
  expect(new Set(events.map(({ href }) => href))).toEqual(
    new Set([
      `/api/v1/customers/${customer.id}`,
      `/api/v1/requests/${request.id}`,
      `/api/v1/requests/${second.id}`,
      `/api/v1/operators/${colleague.id}`,
      `/api/v1/operators/${user.id}`,
      null,
    ]),
  )
  for (const { href } of events) {
    if (href === null) continue
    const headers = { authorization: `Bearer ${user.token}` }
    const answer = await sendTo(desk.url, { path: href, headers })
    expect(answer.status, href).toBe(200)
  }
})

test('reading in small parts is reading all', async () => {
  const whole = await readEvents(as(admin))
  expect(await readEvents(as(admin), { limit: 1 })).toEqual(whole)
  expect(await readEvents(as(admin), { limit: 3 })).toEqual(whole)
  expect(whole.events.length).toBeGreaterThan(10)
})

test('what was refused or rolled back is told to nobody', async () => {
  const taken = await given.customer({ phone: '+442083661177' })
  const after = await here()

  const refused = await as(operator)(createCustomer, {
    body: { first_name: 'A', last_name: 'Twin', phone: '+442083661177' },
  })
  const client = await desk.pool.connect()
  await client.query('begin')
  await client.query(change('customer.updated', taken.id))
  expect(await readEvents(as(admin), { after })).toEqual({ events: [], after })
  await client.query('rollback')
  client.release()

  expect(refused.status).toBe(409)
  expect(await readEvents(as(admin), { after })).toEqual({ events: [], after })
})

test('a transaction that commits later than one that began after it is told later, and not missed', async () => {
  const after = await here()
  const early = await desk.pool.connect()
  await early.query('begin')
  const [first] = (await early.query<{ id: number }>(change('customer.updated', 111))).rows
  const late = await rows<{ id: number }>(change('customer.updated', 222))

  const before = await readEvents(as(admin), { after })
  // Control: a reader who goes by the numbers of the audit log believes to know all up to the later one.
  const byNumber = Math.max(...late.map(({ id }) => id))
  await early.query('commit')
  early.release()

  expect(first?.id).toBeLessThan(byNumber)
  expect(await rows('select record_id from audit_events where id > $1', [byNumber])).toEqual([])
  expect(before.events.map((event) => event.record_id)).toEqual([222])
  const rest = await readEvents(as(admin), { after: before.after })
  expect(rest.events.map((event) => event.record_id)).toEqual([111])
})

test('a customer is told of their own account and tokens alone, and an operator of nobody else’s', async () => {
  const after = await here()
  const own = await given.user({ role: 'customer', username: 'hodor', password: 'hold-the-door-1' })
  const other = await given.user({ role: 'customer' })
  const colleague = await given.operator()
  await given.request()
  const { body: token } = await as(own)(createToken, {
    body: { username: 'hodor', password: 'hold-the-door-1' },
  })
  await as(other)(updateMe, { body: { first_name: 'Other' } })

  const seenBy = async (who: { token: string }) =>
    (await readEvents(as(who), { after })).events.map(({ type, record_id }) => `${type} ${record_id}`)
  const [{ id: tokenId } = { id: 0 }] = await rows<{ id: number }>('select max(id) as id from tokens')
  const account = [`user.created ${own.id}`, `token.created ${tokenId}`]

  expect(await seenBy(own)).toEqual(account)
  expect(await seenBy(token)).toEqual(account)
  expect(await seenBy(other)).toEqual([`user.created ${other.id}`, `user.updated ${other.id}`])
  const toOperators = await seenBy(operator)
  expect(toOperators.slice(0, 1)).toEqual([`user.created ${colleague.id}`])
  expect(toOperators.join()).not.toMatch(new RegExp(`user\\.\\w+ (?:${own.id}|${other.id})\\b|token`))
  expect(toOperators.join()).toMatch(/customer\.created .*ticket\.created/)
  expect((await seenBy(admin)).join()).toContain(`user.updated ${other.id}`)
  expect((await seenBy(admin)).join()).not.toContain('token')

  const [first] = (await readEvents(as(own), { after })).events
  expect(first).toMatchObject({ href: '/api/v1/me', actor_id: null })
  const [shown] = (await readEvents(as(admin), { after })).events
  expect(shown).toMatchObject({ record_id: own.id, href: `/api/v1/users/${own.id}` })
})

test('operators are told when a colleague becomes a customer, who is none of theirs from then on', async () => {
  const { id } = await given.operator()
  const after = await here()
  await rows(
    `insert into audit_events (actor_role, action, record_type, record_id, before, after, request_id)
     values ('test', 'user.demoted', 'user', $1, '{"role":"operator"}', '{"role":"customer"}', 'by hand'),
            ('test', 'user.renamed', 'user', $1, '{"role":"customer"}', '{"role":"customer"}', 'by hand')`,
    [id],
  )
  const { events } = await readEvents(as(operator), { after })
  expect(events).toMatchObject([{ type: 'user.demoted', tombstone: true, href: null }])
})

test('every type of record that is written down has a policy, and one without is told to nobody', async () => {
  const server = join(import.meta.dirname, '../server')
  const sources = readdirSync(server, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(server, name), 'utf8'))
  const types = sources.flatMap((text) => [...text.matchAll(/recordType: '(\w+)'/g)].map((match) => match[1]))
  expect(new Set(types)).toEqual(new Set(Object.keys(changePolicies)))

  const after = await here()
  await rows(change('secret.made'))
  expect(await readEvents(as(admin), { after })).toEqual({ events: [], after: after + 1 })
})

test('one type of change, or of record, may be asked for', async () => {
  const after = await here()
  await given.request({ status: 'IN_PROGRESS' })
  const typesOf = async (type: 'ticket' | 'ticket.assigned') => {
    const { body } = await as(operator)(listEvents, { query: { after, type } })
    return body.results.map((event) => event.type)
  }
  expect(await typesOf('ticket')).toEqual(['ticket.created', 'ticket.assigned'])
  expect(await typesOf('ticket.assigned')).toEqual(['ticket.assigned'])
})

test('who may see little looks at 2,000 positions in one call, and goes on from there', async () => {
  const stranger = await given.user({ role: 'customer' })
  const after = await here()
  await rows(
    `insert into audit_events (actor_role, action, record_type, record_id, after, request_id)
     select 'test', 'customer.updated', 'customer', n, '{}', 'by hand' from generate_series(1, 2100) n`,
  )
  await as(stranger)(updateMe, { body: { first_name: 'Stranger' } })

  const first = await as(stranger)(listEvents, { query: { after } })
  expect(first.body).toEqual({ results: [], after: after + 2_000, end_of_stream: false })
  const second = await as(stranger)(listEvents, { query: { after: first.body.after } })
  expect(inShort(second.body.results)).toEqual(['user.updated 2'])
  expect(second.body.end_of_stream).toBe(true)
})

test('a reader who knows more than there is, as after a restored backup, is told to begin anew', async () => {
  const end = await here()
  const answer = await as(operator)(listEvents, { query: { after: end + 1 } })
  expect([answer.status, answer.problem.type]).toEqual([409, 'urn:frontdesk:problem:position_ahead'])
  const atTheEnd = await as(operator)(listEvents, { query: { after: end } })
  expect(atTheEnd.body).toEqual({ results: [], after: end, end_of_stream: true })
})

test.each([
  [{ after: -1 }],
  [{ after: 'now' }],
  [{ limit: 0 }],
  [{ limit: 1_001 }],
  [{ type: 'tick' }],
  [{ type: 'request' }],
  [{ type: 'Ticket; drop' }],
  [{ since: 1 }],
])('%j is no way to ask', async (query) => {
  expect((await as(operator)(listEvents, { query: query as never })).status).toBe(422)
})
