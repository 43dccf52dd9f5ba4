import { expect, test } from 'vitest'
import {
  archiveCustomer,
  createCustomer,
  createRequest,
  getCustomer,
  getRequest,
  listCustomerHistory,
  listCustomers,
  listRequests,
  restoreCustomer,
  updateCustomer,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'

const { as, given, rows } = await openTestDesk()
const operator = await given.operator()
const call = as(operator)

test('an operator creates a customer and finds them at the Location', async () => {
  const body = {
    first_name: 'Ed',
    last_name: 'Stark',
    phone: '+44 20 8366 1171',
    email: 'Ed@Winterfell.example',
    company: 'Winterfell',
  }
  const created = await call(createCustomer, { body })

  expect(created.status).toBe(201)
  expect(created.body).toMatchObject({ ...body, phone: '+442083661171', version: 1, archived_at: null })
  expect(created.headers.get('location')).toBe(`/api/v1/customers/${created.body.id}`)
  expect((await call(getCustomer, { params: { id: created.body.id } })).body).toEqual(created.body)
})

test.each([
  ['no phone number', { phone: 'call me' }, '/phone'],
  ['a phone number without a country', { phone: '020 8366 1171' }, '/phone'],
  ['a phone number that cannot be', { phone: '+44123' }, '/phone'],
  ['an e-mail address without a domain', { email: 'ed@' }, '/email'],
  ['a phone number in prose', { phone: 'call +442083661199 after six' }, '/phone'],
  ['a phone number with an extension', { phone: '+442083661198 ext. 12' }, '/phone'],
  ['a name that is blank to PostgreSQL alone', { last_name: '\u0085' }, '/last_name'],
  ['a blank name', { first_name: ' \t' }, '/first_name'],
  ['an endless name', { last_name: 'x'.repeat(101) }, '/last_name'],
  ['a name that is a number', { first_name: 7 }, '/first_name'],
  ['U+0000 in a name', { first_name: 'E\0d' }, '/first_name'],
  ['half a surrogate pair', { first_name: 'E\ud800d' }, '/first_name'],
  ['a field that is not known', { nickname: 'Ned' }, '/nickname'],
  ['an id of its own choice', { id: 7 }, '/id'],
])('%s is refused by name, and nothing is kept', async (_, wrong, pointer) => {
  const before = await rows('select count(*) from customers')
  const refused = await call(createCustomer, {
    body: { first_name: 'Ed', last_name: 'Stark', ...wrong } as never,
  })

  expect(refused.status).toBe(422)
  expect(refused.problem.errors).toEqual([{ in: 'body', pointer, detail: expect.any(String) }])
  expect(await rows('select count(*) from customers')).toEqual(before)
})

test('two customers with one phone at the same moment: one is made, the other hears whose it is', async () => {
  const answers = await Promise.all(
    ['Ed', 'Rob'].map((first_name) =>
      call(createCustomer, { body: { first_name, last_name: 'Twin', phone: '+442083661172' } }),
    ),
  )
  const [made] = answers.filter((answer) => answer.status === 201)
  const [refused] = answers.filter((answer) => answer.status === 409)

  expect(refused?.problem).toMatchObject({
    type: 'urn:frontdesk:problem:phone_taken',
    conflicts_with: `/api/v1/customers/${made?.body.id}`,
  })
})

test('an e-mail address is taken in any case', async () => {
  const holder = await given.customer({ email: 'arya@winterfell.example' })
  const refused = await call(createCustomer, {
    body: { first_name: 'A', last_name: 'Nobody', email: 'ARYA@winterfell.example' },
  })

  expect(refused.problem).toMatchObject({
    status: 409,
    type: 'urn:frontdesk:problem:email_taken',
    conflicts_with: `/api/v1/customers/${holder.id}`,
  })
})

test('a change sets what it names, empties what it nulls, leaves the rest, and is audited', async () => {
  const customer = await given.customer({ phone: '+442083661173', company: 'Winterfell' })
  const changed = await call(updateCustomer, {
    params: { id: customer.id },
    body: { phone: null, last_name: ' Snow ' },
  })

  expect(changed.body).toMatchObject({
    phone: null,
    last_name: 'Snow',
    first_name: 'Ed',
    company: 'Winterfell',
    version: 2,
  })
  expect(changed.body.updated_at > customer.updated_at).toBe(true)
  const [audit] = await rows(
    `select * from audit_events where action = 'customer.updated' and record_id = $1`,
    [customer.id],
  )
  expect(audit).toMatchObject({
    actor_id: operator.id,
    actor_role: 'operator',
    before: { last_name: customer.last_name, version: 1 },
    after: { last_name: 'Snow', version: 2 },
    request_id: changed.headers.get('x-request-id'),
  })
})

test('a change of nothing, to a taken phone, or of somebody absent is refused', async () => {
  const holder = await given.customer({ phone: '+442083661174' })
  const customer = await given.customer()

  expect((await call(updateCustomer, { params: { id: customer.id }, body: {} })).status).toBe(422)
  const taken = await call(updateCustomer, { params: { id: customer.id }, body: { phone: '+442083661174' } })
  expect(taken.problem).toMatchObject({ status: 409, conflicts_with: `/api/v1/customers/${holder.id}` })
  expect((await call(updateCustomer, { params: { id: 999_999 }, body: { first_name: 'No' } })).status).toBe(
    404,
  )
})

test('archiving takes the requests along, and restoring brings back exactly those', async () => {
  const customer = await given.customer({ phone: '+442083661175' })
  const open = await given.request({ customer_id: customer.id })
  const old = await given.request({ customer_id: customer.id, status: 'COMPLETED', archived: true })
  const archivedOf = async () =>
    Promise.all(
      [open, old].map(
        async ({ id }) => (await call(getRequest, { params: { id } })).body.archived_at !== null,
      ),
    )

  expect((await call(archiveCustomer, { params: { id: customer.id } })).status).toBe(204)
  expect((await call(getCustomer, { params: { id: customer.id } })).body.archived_at).not.toBeNull()
  expect(await archivedOf()).toEqual([true, true])
  expect((await call(listRequests, { query: { created_by: customer.id } })).body.count).toBe(0)
  expect(
    (await call(createRequest, { params: { id: customer.id }, body: { body: 'Late' } })).problem.type,
  ).toContain('customer_archived')
  expect(
    (await call(updateCustomer, { params: { id: customer.id }, body: { first_name: 'Ned' } })).status,
  ).toBe(409)

  const restored = await call(restoreCustomer, { params: { id: customer.id } })
  expect(restored).toMatchObject({ status: 200, body: { id: customer.id, archived_at: null } })
  expect(await archivedOf()).toEqual([false, true])
  const actions = await rows(
    `select action from audit_events where record_type = 'ticket' and record_id = $1 order by id`,
    [open.id],
  )
  expect(actions.map((row) => row['action'])).toEqual([
    'ticket.created',
    'ticket.archived',
    'ticket.restored',
  ])
})

test('archiving twice and restoring twice change nothing the second time', async () => {
  const { id } = await given.customer()
  const params = { id }
  await call(archiveCustomer, { params })
  expect((await call(archiveCustomer, { params })).status).toBe(204)
  expect((await call(getCustomer, { params })).body.version).toBe(2)
  await call(restoreCustomer, { params })
  expect((await call(restoreCustomer, { params })).body.version).toBe(3)
  expect((await call(archiveCustomer, { params: { id: 999_999 } })).status).toBe(404)
})

test('an archived customer gives the phone free, and cannot come back while somebody else has it', async () => {
  const { id } = await given.customer({ phone: '+442083661176' })
  await call(archiveCustomer, { params: { id } })
  const heir = await given.customer({ phone: '+442083661176' })

  const refused = await call(restoreCustomer, { params: { id } })
  expect(refused.problem).toMatchObject({ status: 409, conflicts_with: `/api/v1/customers/${heir.id}` })
})

test('no request slips in while its customer is being archived, however many try', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { id } = await given.customer()
    await Promise.all([
      ...Array.from({ length: 6 }, () => call(createRequest, { params: { id }, body: { body: 'Quick' } })),
      call(archiveCustomer, { params: { id } }),
      ...Array.from({ length: 6 }, () => call(createRequest, { params: { id }, body: { body: 'Quick' } })),
    ])
    expect(await rows('select id from tickets where customer_id = $1 and archived_at is null', [id])).toEqual(
      [],
    )
  }
})

test('customers are found by name, phone, e-mail address, and by any part of them', async () => {
  const found = async (query: object) =>
    (await call(listCustomers, { query })).body.results.map((row) => row.id)
  const customer = await given.customer({
    first_name: 'Zoë',
    last_name: 'Müller-Łódź',
    phone: '+493012345678',
    email: 'zoe_50%@lodz.example',
    company: 'Xylophon & Co',
    external_id: 'Shop-20471',
  })
  await given.customer({ first_name: 'Zed', email: 'zoeA50B@lodz.example', external_id: 'Shop-20580' })
  const only = [customer.id]

  expect(await found({ first_name: 'zoë' })).toEqual(only)
  expect(await found({ last_name: 'müller-łódź' })).toEqual(only)
  expect(await found({ phone: '+49 30 12345678' })).toEqual(only)
  expect(await found({ email: 'ZOE_50%@lodz.example' })).toEqual(only)
  for (const q of ['lophon', 'LLER-Ł', '301234', 'zoe_50%', 'zoë mü', 'xy', '20471', 'shop-204'])
    expect(await found({ q }), q).toEqual(only)
  expect(await found({ q: 'ylophon', first_name: 'Zed' })).toEqual([])
  expect((await call(listCustomers, { query: { phone: 'nonsense' } })).status).toBe(422)
})

test.each(['ΟΔΟΣ', 'İstanbul', 'Mary  Ann', 'Mary Ann', 'mary ann', 'a\tb', 'Straße'])(
  '%s is found by the very words',
  async (words) => {
    const customer = await given.customer({ company: words })
    const found = await call(listCustomers, { query: { q: words } })
    expect(found.body.results.map((row) => row.id)).toContain(customer.id)
  },
)

test('a change that waits for a restore sees the customer as they are then', async () => {
  const { id } = await given.customer()
  await call(archiveCustomer, { params: { id } })
  const change = () => call(updateCustomer, { params: { id }, body: { first_name: 'Ned' } })
  const [restored, ...changes] = await Promise.all([
    call(restoreCustomer, { params: { id } }),
    change(),
    change(),
    change(),
    change(),
  ])
  expect(restored.status).toBe(200)
  for (const { status, problem } of changes) {
    expect(status === 200 || /was archived on 20|changed in this very moment/.test(problem.detail)).toBe(true)
  }
})

test('archived customers are listed only when asked for', async () => {
  const { id } = await given.customer({ company: 'Hidden Ltd' })
  await call(archiveCustomer, { params: { id } })

  expect((await call(listCustomers, { query: { q: 'hidden ltd' } })).body.results).toEqual([])
  expect(
    (await call(listCustomers, { query: { q: 'hidden ltd', show_archived: true } })).body.results,
  ).toMatchObject([{ id }])
})

test('S28 who made a customer stays, and who changed them last is told, in the reply as in the log', async () => {
  const [maker, changer] = [operator, await given.operator()]
  const { body: made } = await call(createCustomer, { body: { first_name: 'Ed', last_name: 'Made' } })
  expect(made).toMatchObject({ created_by: maker.id, updated_by: maker.id })
  const params = { id: made.id }
  const { body: changed } = await as(changer)(updateCustomer, { params, body: { company: 'Wall Ltd' } })
  expect(changed).toMatchObject({ created_by: maker.id, updated_by: changer.id })
  await call(archiveCustomer, { params })
  expect((await call(getCustomer, { params })).body).toMatchObject({
    created_by: maker.id,
    updated_by: maker.id,
  })
  const { body: restored } = await as(changer)(restoreCustomer, { params })
  expect(restored).toMatchObject({ created_by: maker.id, updated_by: changer.id })
  const refused = await call(updateCustomer, { params, body: { created_by: changer.id } as never })
  expect(refused.status).toBe(422)
  const { body: history } = await call(listCustomerHistory, { params })
  expect(history.results[0]).toMatchObject({ action: 'customer.restored', actor_id: changer.id })
})

test('where nobody with an account did it, nobody is named', async () => {
  const { url } = await openTestDesk({ anonymousRole: 'operator' })
  const answer = await sendTo(url, {
    method: 'POST',
    path: '/api/v1/customers',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ first_name: 'Ed', last_name: 'Nobody' }),
  })
  expect(JSON.parse(answer.text)).toMatchObject({ created_by: null, updated_by: null })
})

test('an external_id is the caller’s own, as it stands, and nobody else’s while its customer lives', async () => {
  const { body: made } = await call(createCustomer, {
    body: { first_name: 'Ed', last_name: 'Numbered', external_id: ' W-1047 ' },
  })
  expect(made.external_id).toBe('W-1047')
  const found = async (query: object) =>
    (await call(listCustomers, { query })).body.results.map(({ id }) => id)
  expect(await found({ external_id: 'W-1047' })).toEqual([made.id])
  expect(await found({ external_id: 'w-1047' })).toEqual([])
  expect(await found({ external_id: 'W-1047', last_name: 'other' })).toEqual([])

  const other = await given.customer({ external_id: 'w-1047' })
  for (const refused of [
    await call(createCustomer, { body: { first_name: 'Ned', last_name: 'Late', external_id: 'W-1047' } }),
    await call(updateCustomer, { params: { id: other.id }, body: { external_id: 'W-1047' } }),
  ]) {
    expect(refused.problem).toMatchObject({
      status: 409,
      type: 'urn:frontdesk:problem:external_id_taken',
      conflicts_with: `/api/v1/customers/${made.id}`,
    })
  }

  await call(archiveCustomer, { params: { id: made.id } })
  expect(await found({ external_id: 'W-1047' })).toEqual([])
  expect(await found({ external_id: 'W-1047', show_archived: true })).toEqual([made.id])
  const heir = await call(updateCustomer, { params: { id: other.id }, body: { external_id: 'W-1047' } })
  expect(heir.body.external_id).toBe('W-1047')
  const back = await call(restoreCustomer, { params: { id: made.id } })
  expect(back.problem).toMatchObject({
    type: 'urn:frontdesk:problem:external_id_taken',
    conflicts_with: `/api/v1/customers/${other.id}`,
  })
  await call(updateCustomer, { params: { id: other.id }, body: { external_id: null } })
  expect((await call(restoreCustomer, { params: { id: made.id } })).status).toBe(200)
})

test('two who give one external_id at the same moment: one has it', async () => {
  const answers = await Promise.all(
    Array.from({ length: 6 }, () =>
      call(createCustomer, { body: { first_name: 'Ed', last_name: 'Race', external_id: 'R-1' } }),
    ),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409])
})

test.each([
  ['blank', ' \t'],
  ['empty', ''],
  ['too long', 'x'.repeat(101)],
  ['a number', 7],
])('an external_id that is %s is refused', async (_, external_id) => {
  const body = { first_name: 'Ed', last_name: 'Stark', external_id } as never
  expect((await call(createCustomer, { body })).problem.errors).toMatchObject([{ pointer: '/external_id' }])
})
