// Signing up (brief 004): what is answered, who may make colleagues, and that it tells nobody who is known here.
import { expect, test } from 'vitest'
import {
  createCustomer,
  createToken,
  createUser,
  getCustomer,
  getMe,
  getUser,
  listCustomerHistory,
  listCustomers,
  signUp,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'

const desk = await openTestDesk()
const { anonymous, as, given, mails, rows, url } = desk
const password = 'keep-yourself-warm'
const admin = await given.admin()
const operator = await given.operator()

let serial = 0
const account = (facts: object = {}) => ({
  username: `lyly-${(serial += 1)}`,
  email: `lyly-${serial}@shop.example`,
  password,
  ...facts,
})

async function post(body: object, headers: Record<string, string> = {}, path = '/api/signup/') {
  const json = { 'content-type': 'application/json' }
  const sent = { method: 'POST', path, headers: { ...json, ...headers }, body: JSON.stringify(body) }
  const { status, headers: told, text } = await sendTo(url, sent)
  return { status, headers: told, body: JSON.parse(text) as Record<string, unknown> }
}

const bearing = ({ token }: { token: string }) => ({ authorization: `Token ${token}` })

const counts = async () => {
  const [counted] = await rows(
    'select (select count(*)::int from users) as users, (select count(*)::int from customers) as customers',
  )
  return counted
}

test('the example of the brief is answered to the letter, without a password, and its credentials let in', async () => {
  const { status, body } = await post({
    username: 'Lyly',
    first_name: '',
    last_name: '',
    email: 'lyly@yopmail.com',
    is_customer_service: 'False',
    password: '12345aaa',
  })
  expect(status).toBe(201)
  expect(body).toEqual({
    username: 'Lyly',
    first_name: '',
    last_name: '',
    email: 'lyly@yopmail.com',
    is_customer_service: false,
  })
  const token = await post({ username: 'Lyly', password: '12345aaa' }, {}, '/api/token/')
  expect(token.body).toEqual({ token: expect.stringMatching(/^fdt_/) })
  const me = await sendTo(url, { path: '/api/me', headers: bearing(token.body as { token: string }) })
  expect(JSON.parse(me.text)).toMatchObject({ username: 'Lyly', role: 'customer', email: null, version: 1 })
})

test('names may be left out, and what nobody would see of one is left away', async () => {
  expect((await post(account())).body).toMatchObject({
    first_name: '',
    last_name: '',
    is_customer_service: false,
  })
  const { body } = await post(account({ first_name: ' \u0085Lyly\n', last_name: '\u0085' }))
  expect(body).toMatchObject({ first_name: 'Lyly', last_name: '' })
})

test('whoever signs up has a customer record, which bears a name in any case, and no address yet', async () => {
  const body = account({ first_name: 'Lyly' })
  expect((await anonymous(signUp, { body })).status).toBe(201)
  const [user] = await rows<{ id: number }>('select id from users where username = $1', [body.username])
  const page = (await as(operator)(listCustomers, { query: { last_name: body.username } })).body
  expect(page.results).toMatchObject([
    {
      first_name: 'Lyly',
      last_name: body.username,
      email: null,
      user_id: user?.id,
      created_by: user?.id,
      version: 1,
    },
  ])
  const id = page.results[0]?.id ?? 0
  const history = (await as(operator)(listCustomerHistory, { params: { id } })).body.results
  expect(history).toMatchObject([{ action: 'customer.created', actor_id: user?.id, actor_role: 'customer' }])
  expect(
    await rows('select actor_id, actor_role from audit_events where record_type = $1 and record_id = $2', [
      'user',
      user?.id,
    ]),
  ).toEqual([{ actor_id: user?.id, actor_role: 'customer' }])
})

test('an admin is led from a customer to their login', async () => {
  const body = account()
  await anonymous(signUp, { body })
  const [record] = await rows<{ id: number; user_id: number }>(
    'select customers.id, user_id from customers join users on users.id = user_id where username = $1',
    [body.username],
  )
  const linksFor = async ({ token }: { token: string }) => {
    const headers = { accept: 'application/hal+json', authorization: `Bearer ${token}` }
    return JSON.parse((await sendTo(url, { path: `/api/customers/${record?.id}`, headers })).text)._links
  }
  expect((await linksFor(admin)).user.href).toBe(`/api/v1/users/${record?.user_id}`)
  expect(await linksFor(operator)).not.toHaveProperty('user')
})

test('a customer whom the shop made has no login', async () => {
  const { body } = await as(operator)(createCustomer, { body: { first_name: 'Ed', last_name: 'Stark' } })
  expect((await as(operator)(getCustomer, { params: { id: body.id } })).body.user_id).toBeNull()
})

test.each([true, 'True'])('S03: is_customer_service %j is for admins alone', async (is_customer_service) => {
  const customer = await given.user()
  const before = await counts()
  for (const headers of [{}, bearing(customer), bearing(operator)]) {
    const { status, body } = await post(account({ is_customer_service }), headers)
    expect([status, body['type']]).toEqual([403, 'urn:frontdesk:problem:forbidden'])
  }
  expect(await counts()).toEqual(before)

  const body = account({ is_customer_service, first_name: 'Olly' })
  const made = await post(body, bearing(admin))
  expect(made.status).toBe(201)
  expect(made.body).toEqual({
    username: body.username,
    first_name: 'Olly',
    last_name: '',
    email: body.email,
    is_customer_service: true,
  })
  const [user] = await rows<{ id: number }>('select id from users where username = $1', [body.username])
  expect((await as(admin)(getUser, { params: { id: user?.id ?? 0 } })).body).toMatchObject({
    role: 'operator',
    email: body.email,
    email_verified: false,
    status: 'active',
  })
  expect(await rows('select id from customers where user_id = $1', [user?.id])).toEqual([])
})

test.each([1, 0, null, [true], {}, 'true', 'TRUE', 'false', ''])(
  'S03: is_customer_service %j is nothing that it can be',
  async (is_customer_service) => {
    for (const headers of [{}, bearing(admin)]) {
      const { status, body } = await post(account({ is_customer_service }), headers)
      expect(status).toBe(422)
      expect(body['errors']).toMatchObject([
        { pointer: '/is_customer_service', detail: 'must be one of true, false, "True", "False"' },
      ])
    }
  },
)

test.each([
  { role: 'admin' },
  { id: 1 },
  { email_verified: true },
  { email_verified_at: '2026-11-21T00:00:00Z' },
  { created_by: 1 },
  { permissions: ['admin'] },
  { user_id: 1 },
  { password_hash: 'x' },
])('S03: %j is refused by name', async (extra) => {
  const before = await counts()
  const { status, body } = await post(account(extra))
  expect(status).toBe(422)
  expect(body['errors']).toEqual([
    { in: 'body', pointer: `/${Object.keys(extra)[0]}`, detail: 'is not a known field' },
  ])
  expect(await counts()).toEqual(before)
})

test('S58: whoever shows credentials is judged by them, before the body', async () => {
  for (const authorization of ['Token wrong', 'Bearer', 'Basic YTpi']) {
    expect((await post({ nonsense: true }, { authorization })).status, authorization).toBe(401)
    expect((await post(account(), { authorization })).status, authorization).toBe(401)
  }
  const json = { 'content-type': 'application/json' }
  const ended = {
    method: 'POST',
    path: '/api/signup',
    headers: { ...json, cookie: 'frontdesk=fdb_x' },
    body: '{',
  }
  expect((await sendTo(url, ended)).status, 'a page of another site').toBe(403)
})

test('who makes a colleague must have shown the password lately, as for any user; who makes a customer need not', async () => {
  const stale = await given.admin()
  await rows(`update tokens set authenticated_at = now() - interval '11 minutes' where user_id = $1`, [
    stale.id,
  ])
  const refused = await post(account({ is_customer_service: true }), bearing(stale))
  expect([refused.status, refused.body['type']]).toEqual([
    401,
    'urn:frontdesk:problem:reauthentication_required',
  ])
  expect((await post(account(), bearing(stale))).status).toBe(201)
})

test('a colleague with an address that another user has is refused with whose it is, as everywhere for admins', async () => {
  const email = 'olly@shop.example'
  await as(admin)(createUser, {
    body: { username: 'olly', email, first_name: 'Olly', last_name: 'Bolly', role: 'operator', password },
  })
  const { status, body } = await post(account({ email, is_customer_service: 'True' }), bearing(admin))
  expect([status, body['type']]).toEqual([409, 'urn:frontdesk:problem:email_taken'])
  expect(body['conflicts_with']).toMatch(/^\/api\/v1\/users\/\d+$/)
})

test('S32: whether anybody has the address is told neither by the answer nor by what is made', async () => {
  const email = 'known@shop.example'
  await as(admin)(createUser, {
    body: { username: 'known', email, first_name: 'Known', last_name: 'Person', role: 'customer', password },
  })
  await as(operator)(createCustomer, {
    body: { first_name: 'Also', last_name: 'Known', email: 'customer@shop.example' },
  })
  await mails()
  const seen: object[] = []
  for (const address of [email, 'KNOWN@shop.example', 'customer@shop.example', 'unknown@shop.example']) {
    const body = account({ email: address, username: `same-length-${seen.length}` })
    const { status, headers, body: answered } = await post(body)
    const shown = Object.fromEntries(
      [...headers].filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name)),
    )
    seen.push({
      status,
      shown,
      answered: { ...answered, username: '', email: answered['email'] === address },
    })
    const { token } = (await anonymous(createToken, { body: { username: body.username, password } })).body
    expect((await as({ token })(getMe, {})).body.email).toBeNull()
  }
  expect(seen).toEqual(seen.map(() => seen[0]))
  expect((await mails()).map(({ to, subject }) => [to, subject]).sort()).toEqual([
    ['customer@shop.example', 'Confirm your e-mail address for Frontdesk'],
    ['unknown@shop.example', 'Confirm your e-mail address for Frontdesk'],
  ])
})

test('a password that is too weak and a username that is taken are said', async () => {
  for (const weak of ['short', 'password', 'weak-one'])
    expect((await post(account({ username: 'weak-one', password: weak }))).body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/password' }],
    })
  const body = account()
  expect((await post(body)).status).toBe(201)
  const taken = await post({ ...body, username: body.username.toUpperCase() })
  expect(taken.body).toMatchObject({ status: 409, type: 'urn:frontdesk:problem:username_taken' })
  expect(taken.body).not.toHaveProperty('conflicts_with')
})

test('of twenty who want one username at once one gets it, and one customer record is made', async () => {
  const before = (await counts()) as { users: number; customers: number }
  const { username } = account()
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => anonymous(signUp, { body: account({ username }) })),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(409)])
  expect(await counts()).toEqual({ users: before.users + 1, customers: before.customers + 1 })
})

test('by anonymous callers who are somebody (ANONYMOUS_ROLE) it is as by anybody, and by admins as by admins', async () => {
  const trying = await openTestDesk({ beside: desk, anonymousRole: 'admin', signUp: false })
  const colleague = account({ is_customer_service: 'True' })
  expect((await trying.anonymous(signUp, { body: colleague })).status).toBe(201)
  const customer = account()
  expect((await trying.anonymous(signUp, { body: customer })).status).toBe(201)
  const made = await rows(
    `select created_by = users.id as by_themselves, actor_id = users.id as audited, actor_role from users
     join customers on user_id = users.id join audit_events on record_type = 'user' and record_id = users.id
     where username = $1`,
    [customer.username],
  )
  expect(made).toEqual([{ by_themselves: true, audited: true, actor_role: 'customer' }])
})

test('SIGN_UP=off lets nobody in but admins, and reads no body first', async () => {
  const closed = await openTestDesk({ beside: desk, signUp: false })
  for (const call of [closed.anonymous, closed.as(operator), closed.as(await given.user())]) {
    expect((await call(signUp, { body: account() })).status).toBe(403)
    expect((await call(signUp, { body: {} as never })).status).toBe(403)
  }
  expect((await closed.as(admin)(signUp, { body: account() })).status).toBe(201)
})

test('the pages offer to sign up only where that is possible', async () => {
  const closed = await openTestDesk({ beside: desk, signUp: false })
  const page = async (at: string, path: string) => (await sendTo(at, { path })).text
  const refusal = 'Nobody signs up here by themselves; ask the shop for an account.'
  const open = [await page(url, '/sign-up'), await page(url, '/sign-in')]
  expect(open[0]).toMatch(/<form>[^]*<script|<script[^]*<form>/)
  expect(open[0]).not.toContain(refusal)
  expect(open[1]).toContain('href="/sign-up"')
  const [signUpPage, signInPage] = [await page(closed.url, '/sign-up'), await page(closed.url, '/sign-in')]
  expect(signUpPage).toContain(refusal)
  expect(signUpPage).not.toMatch(/<form|<script|<section/)
  expect(signInPage).toContain('<form>')
  expect(signInPage).not.toContain('sign-up')
  for (const text of [...open, signUpPage, signInPage]) expect(text).not.toContain('SIGN_UP')
})

test('ten tries to sign up an hour from one address, and five with one e-mail address, whatever came of them', async () => {
  const limited = await openTestDesk({ beside: desk, rateLimit: true })
  const email = 'LYLY@target.example'
  for (let i = 0; i < 5; i += 1)
    expect((await limited.anonymous(signUp, { body: account({ email, password: 'short' }) })).status).toBe(
      422,
    )
  const sixth = await limited.anonymous(signUp, { body: account({ email: email.toLowerCase() }) })
  expect(sixth.status).toBe(429)
  expect(sixth.headers.get('ratelimit-policy')).toContain('"sign-up-by-email";q=5;w=3600')
  for (let i = 0; i < 4; i += 1)
    expect((await limited.anonymous(signUp, { body: account() })).status).toBe(201)
  const eleventh = await limited.anonymous(signUp, { body: account() })
  expect(eleventh.status).toBe(429)
  expect(Number(eleventh.headers.get('retry-after'))).toBeGreaterThan(3000)
  expect(eleventh.headers.get('ratelimit-policy')).toContain('"sign-up";q=10;w=3600')
  expect((await limited.as(operator)(signUp, { body: account() })).status, 'a colleague').toBe(429)
  expect((await limited.as(admin)(signUp, { body: account() })).status, 'an admin').toBe(201)
})

test('an Idempotency-Key is not taken: nobody is made twice all the same, and nobody reads what somebody else was answered', async () => {
  const headers = { 'idempotency-key': 'one for all' }
  const body = account()
  const answers = [await anonymous(signUp, { body }, headers), await anonymous(signUp, { body }, headers)]
  expect(answers.map(({ status }) => status)).toEqual([201, 409])
  expect(answers[1]?.headers.has('idempotency-replayed')).toBe(false)
  const { paths } = JSON.parse((await sendTo(url, { path: '/openapi.json' })).text)
  expect(JSON.stringify(paths['/api/v1/signup'].post.parameters ?? [])).not.toContain('Idempotency-Key')
})

test('the document says that credentials may be shown, and need not be', async () => {
  const { paths } = JSON.parse((await sendTo(url, { path: '/openapi.json' })).text)
  expect(paths['/api/v1/signup'].post.security).toEqual([{}, { token: [] }])
  expect(Object.keys(paths['/api/v1/signup'].post.responses)).toEqual(
    expect.arrayContaining(['201', '401', '403', '409', '422', '429']),
  )
})
