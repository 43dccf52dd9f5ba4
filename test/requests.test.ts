import { expect, test } from 'vitest'
import {
  archiveRequest,
  assignRequest,
  closeRequest,
  createRequest,
  editRequest,
  getRequest,
  listCustomerRequests,
  listRequests,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'

const { as, given, rows } = await openTestDesk()
const operator = await given.operator()
const call = as(operator)

const historyOf = (id: number) =>
  rows<{ action: string; actor_id: number; before: Record<string, unknown>; after: Record<string, unknown> }>(
    `select action, actor_id, before, after from audit_events where record_type = 'ticket' and record_id = $1 order by id`,
    [id],
  )

test('a request is a ticket with its first post, PENDING and given to nobody', async () => {
  const customer = await given.customer()
  const created = await call(createRequest, {
    params: { id: customer.id },
    body: { body: 'Winter is coming\nSend coats' },
  })

  expect(created.status).toBe(201)
  expect(created.headers.get('location')).toBe(`/api/v1/requests/${created.body.id}`)
  expect(created.body).toMatchObject({
    body: 'Winter is coming\nSend coats',
    subject: 'Winter is coming',
    created_by: customer.id,
    status: 'PENDING',
    processed_by: null,
    resolution_comment: null,
    version: 1,
    archived_at: null,
  })
  expect(
    await rows('select number, author_id, subject, message from posts where ticket_id = $1', [
      created.body.id,
    ]),
  ).toEqual([
    {
      number: 1,
      author_id: operator.id,
      subject: 'Winter is coming',
      message: 'Winter is coming\nSend coats',
    },
  ])
})

test('assigning, completing and archiving lead to the end, each step audited with its before and after', async () => {
  const { id } = await given.request()
  const params = { id }
  const assigned = await call(assignRequest, { params: { id: operator.id, request_id: id } })
  expect(assigned.body).toMatchObject({ status: 'IN_PROGRESS', processed_by: operator.id, version: 2 })

  const completed = await call(closeRequest, {
    params,
    body: { status: 'completed' as 'COMPLETED', resolution_comment: ' Keep warm ' },
  })
  expect(completed.body).toMatchObject({
    status: 'COMPLETED',
    resolution_comment: 'Keep warm',
    processed_by: operator.id,
    version: 3,
  })

  expect((await call(archiveRequest, { params })).status).toBe(204)
  expect((await call(archiveRequest, { params })).status).toBe(204)
  expect((await call(getRequest, { params })).body).toMatchObject({
    status: 'COMPLETED',
    version: 4,
    archived_at: expect.any(String),
  })

  const history = await historyOf(id)
  expect(history.map((event) => event.action)).toEqual([
    'ticket.created',
    'ticket.assigned',
    'ticket.completed',
    'ticket.archived',
  ])
  expect(history.slice(1).map((event) => event.before['version'])).toEqual([1, 2, 3])
  expect(history.map((event) => event.after['version'])).toEqual([1, 2, 3, 4])
})

test('a PENDING request may be rejected at once, by whoever does it', async () => {
  const { id } = await given.request()
  const rejected = await call(closeRequest, {
    params: { id },
    body: { status: 'REJECTED', resolution_comment: 'Not ours' },
  })
  expect(rejected.body).toMatchObject({ status: 'REJECTED', processed_by: operator.id })
})

const outcome = (status: 'COMPLETED' | 'REJECTED') => ({ status, resolution_comment: 'Keep warm' }) as const
const moves = {
  assign: (id: number) => call(assignRequest, { params: { id: operator.id, request_id: id } }),
  complete: (id: number) => call(closeRequest, { params: { id }, body: outcome('COMPLETED') }),
  reject: (id: number) => call(closeRequest, { params: { id }, body: outcome('REJECTED') }),
  edit: (id: number) => call(editRequest, { params: { id }, body: { body: 'Summer is coming' } }),
  archive: (id: number) => call(archiveRequest, { params: { id } }),
}

// The whole table of moves: what is not here as a success is a 409 that leaves the request as it was.
test.each([
  ['PENDING', { assign: 200, complete: 409, reject: 200, edit: 200, archive: 409 }],
  ['IN_PROGRESS', { assign: 200, complete: 200, reject: 200, edit: 200, archive: 409 }],
  ['COMPLETED', { assign: 409, complete: 409, reject: 409, edit: 409, archive: 204 }],
  ['REJECTED', { assign: 409, complete: 409, reject: 409, edit: 409, archive: 204 }],
] as const)('from %s only the moves of the table are possible', async (status, expected) => {
  for (const move of Object.keys(moves) as (keyof typeof moves)[]) {
    const before = await given.request({ status })
    const answer = await moves[move](before.id)
    expect(answer.status, move).toBe(expected[move])
    if (answer.status !== 409) continue
    expect(answer.problem.type).toBe('urn:frontdesk:problem:wrong_state')
    expect((await call(getRequest, { params: { id: before.id } })).body).toEqual(before)
  }
})

test('an archived request is not moved and not edited', async () => {
  const before = await given.request({ status: 'COMPLETED', archived: true })
  for (const move of ['assign', 'complete', 'reject', 'edit'] as const) {
    const answer = await moves[move](before.id)
    expect([answer.status, answer.problem.type], move).toEqual([
      409,
      'urn:frontdesk:problem:request_archived',
    ])
  }
  expect((await call(getRequest, { params: { id: before.id } })).body).toEqual(before)
})

test('twenty operators assign one request: each is told it is theirs in turn, and the history is one unbroken chain', async () => {
  const { id } = await given.request()
  const operators = await given.operators(20)
  const answers = await Promise.all(
    operators.map((one) => as(one)(assignRequest, { params: { id: one.id, request_id: id } })),
  )

  expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 20 }, () => 200))
  expect(answers.map((answer) => answer.body.version).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, i) => i + 2),
  )
  const [, first, ...later] = await historyOf(id)
  expect(first).toMatchObject({ action: 'ticket.assigned', before: { status: 'PENDING' } })
  expect(new Set(later.map((event) => event.action))).toEqual(new Set(['ticket.reassigned']))
  let holder = first?.after['processed_by']
  for (const event of later) {
    expect(event.before['processed_by']).toBe(holder)
    holder = event.after['processed_by']
  }
  expect((await call(getRequest, { params: { id } })).body).toMatchObject({
    processed_by: holder,
    version: 21,
  })
})

test('twenty archive one request at once: all hear 204, and it happened once', async () => {
  const { id, version } = await given.request({ status: 'COMPLETED' })
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => call(archiveRequest, { params: { id } })),
  )

  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([204]))
  expect((await call(getRequest, { params: { id } })).body.version).toBe(version + 1)
  expect((await historyOf(id)).filter((event) => event.action === 'ticket.archived')).toHaveLength(1)
})

test('ten complete and ten reject one request at once: one of them wins', async () => {
  const { id } = await given.request({ status: 'IN_PROGRESS' })
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      call(closeRequest, { params: { id }, body: outcome(i % 2 === 0 ? 'COMPLETED' : 'REJECTED') }),
    ),
  )
  const winners = answers.filter((answer) => answer.status === 200)
  expect(winners).toHaveLength(1)
  expect(answers.filter((answer) => answer.status === 409)).toHaveLength(19)
  expect((await call(getRequest, { params: { id } })).body.status).toBe(winners[0]?.body.status)
})

test('editing sets the body, keeps the subject unless one is given, and the audit log keeps the old words', async () => {
  const { id } = await given.request({ body: 'Winter is coming', subject: 'Weather' })
  const edited = await call(editRequest, { params: { id }, body: { body: 'Summer is coming' } })
  expect(edited.body).toMatchObject({ body: 'Summer is coming', subject: 'Weather', version: 2 })
  const renamed = await call(editRequest, {
    params: { id },
    body: { body: 'Summer is coming', subject: 'Season' },
  })
  expect(renamed.body.subject).toBe('Season')

  const event = (await historyOf(id))[1]
  expect(event).toMatchObject({
    action: 'ticket.edited',
    before: { message: 'Winter is coming' },
    after: { message: 'Summer is coming' },
  })
})

test('two edits at the same moment leave an audit chain without a gap', async () => {
  const { id } = await given.request({ body: 'start' })
  await Promise.all(
    Array.from({ length: 8 }, (_, i) => call(editRequest, { params: { id }, body: { body: `edit ${i}` } })),
  )
  const edits = (await historyOf(id)).slice(1)
  let words: unknown = 'start'
  for (const event of edits) {
    expect(event.before['message']).toBe(words)
    words = event.after['message']
  }
  expect((await call(getRequest, { params: { id } })).body.body).toBe(words)
})

test('S28 work is given only to an active operator who is there', async () => {
  const { id } = await given.request()
  const customerUser = await given.user({ role: 'customer' })
  const gone = await given.operator()
  await rows('update users set disabled_at = now() where id = $1', [gone.id])
  const assignTo = (operatorId: number) => call(assignRequest, { params: { id: operatorId, request_id: id } })

  expect((await assignTo(999_999)).status).toBe(404)
  expect((await assignTo(customerUser.id)).status).toBe(404)
  expect((await assignTo(gone.id)).problem.type).toBe('urn:frontdesk:problem:operator_disabled')
  expect((await assignTo((await given.admin()).id)).status).toBe(200)
  expect((await call(assignRequest, { params: { id: operator.id, request_id: 999_999 } })).status).toBe(404)
})

test.each([
  ['an outcome without a comment', { status: 'COMPLETED' }, '/resolution_comment'],
  [
    'an outcome with a blank comment',
    { status: 'COMPLETED', resolution_comment: ' \n' },
    '/resolution_comment',
  ],
  ['a state that is no outcome', { status: 'PENDING', resolution_comment: 'x' }, '/status'],
  ['a state that is not text', { status: ['COMPLETED'], resolution_comment: 'x' }, '/status'],
  [
    'another assignee in the body',
    { status: 'COMPLETED', resolution_comment: 'x', processed_by: 1 },
    '/processed_by',
  ],
])('%s is refused by name', async (_, body, pointer) => {
  const { id } = await given.request({ status: 'IN_PROGRESS' })
  const refused = await call(closeRequest, { params: { id }, body: body as never })
  expect(refused.status).toBe(422)
  expect(refused.problem.errors?.map((error) => error.pointer)).toEqual([pointer])
})

test('requests are filtered by state, assignee, customer and words, and the filters combine', async () => {
  const customer_id = (await given.customer()).id
  const pending = await given.request({ customer_id, body: 'The xylophone is out of tune' })
  const taken = await given.request({
    customer_id,
    status: 'IN_PROGRESS',
    body: 'The dragon ate it',
    subject: 'xylophone',
  })
  const archived = await given.request({
    customer_id,
    status: 'REJECTED',
    archived: true,
    body: 'Old xylophone',
  })
  const found = async (query: object) =>
    (await call(listRequests, { query: { created_by: customer_id, ...query } })).body.results.map(
      (row) => row.id,
    )

  expect(await found({})).toEqual([taken.id, pending.id])
  expect(await found({ sort: 'created' })).toEqual([pending.id, taken.id])
  expect(await found({ status: 'pending' })).toEqual([pending.id])
  expect(await found({ processed_by: taken.processed_by ?? 0 })).toEqual([taken.id])
  expect(await found({ q: 'XYLOPHONE' })).toEqual([taken.id, pending.id])
  expect(await found({ q: 'dr' })).toEqual([taken.id])
  expect(await found({ q: 'xylophone', status: 'REJECTED', show_archived: true })).toEqual([archived.id])
  expect(await found({ q: '100%_' })).toEqual([])

  await call(editRequest, { params: { id: pending.id }, body: { body: 'Still out of tune' } })
  expect(await found({ sort: '-updated' })).toEqual([pending.id, taken.id])
})

test("a customer's requests are listed for a customer who is there, and 404 for one who is not", async () => {
  const customer = await given.customer()
  expect((await call(listCustomerRequests, { params: { id: customer.id } })).body).toEqual({
    count: 0,
    next: null,
    previous: null,
    results: [],
  })
  const request = await given.request({ customer_id: customer.id })
  await given.request()
  expect((await call(listCustomerRequests, { params: { id: customer.id } })).body.results).toEqual([request])
  expect((await call(listCustomerRequests, { params: { id: 999_999 } })).status).toBe(404)
  expect((await call(createRequest, { params: { id: 999_999 }, body: { body: 'Anybody?' } })).status).toBe(
    404,
  )
})
