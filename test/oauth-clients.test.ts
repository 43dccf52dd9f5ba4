// Registering clients, and what of them is kept.
import * as openid from 'openid-client'
import { describe, expect, test } from 'vitest'
import {
  type Body,
  createClient,
  createCustomer,
  deleteClient,
  getClient,
  listAuditEvents,
  listClients,
  listEvents,
  rotateClientSecret,
  updateClient,
} from '../contract/index.ts'
import { oauthTasks } from '../server/oauth/index.ts'
import { browserAt } from './support/browser.ts'
import { openTestDesk, secretKey } from './support/desk.ts'
import { configurationOf, password, registerClient, tokensFor } from './support/oauth.ts'

const desk = await openTestDesk()
const { given, rows } = desk
const admin = await given.admin()
const as = desk.as(admin)

const sample: Body<typeof createClient> = {
  name: 'Invoices',
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  redirect_uris: ['https://invoices.example/callback'],
  role: 'operator',
  scopes: ['customers:read'],
}

test('a secret is shown once, to the admin who made it, and nowhere else', async () => {
  const created = await as(createClient, { body: sample })
  const { client_secret: secret = '', ...shown } = created.body
  expect(created.headers.get('location')).toBe(`/api/v1/oauth/clients/${shown.id}`)
  expect(secret).toMatch(/^fdc_[\w-]{43}$/)
  const params = { id: shown.id }
  expect((await as(getClient, { params })).body).toEqual(shown)
  expect((await as(listClients, {})).body.results[0]).toEqual(shown)
  const renamed = await as(updateClient, { params, body: { name: 'Bills' } })
  expect(renamed.body).toEqual({ ...shown, name: 'Bills', version: 2, updated_at: renamed.body.updated_at })
  const audit = JSON.stringify((await as(listAuditEvents, { query: { record: `client:${shown.id}` } })).body)
  expect(audit).toContain('client.updated')
  expect(audit).not.toMatch(new RegExp(`${secret}|secret_hash`))
  expect(JSON.stringify((await as(listEvents, { query: { limit: 1000 } })).body)).not.toContain(secret)
})

test('a client that acts on its own says who it then is; any other is nobody', async () => {
  const own = (await as(createClient, { body: sample })).body
  const params = { id: own.id }
  expect((await as(getClient, { params })).body.user_id).toBe(own.user_id)
  const [service] = await rows('select first_name, is_service from users where id = $1', [own.user_id])
  expect(service).toEqual({ first_name: 'Invoices', is_service: true })
  const { configuration, record } = await registerClient(desk, { ...sample, scopes: ['customers:write'] })
  const { access_token: token } = await openid.clientCredentialsGrant(configuration)
  const customer = await desk.as({ token })(createCustomer, {
    body: { first_name: 'Ed', last_name: 'Stark' },
  })
  expect(customer.body.created_by).toBe(record.user_id)

  const grantTypes = async (...grant_types: Body<typeof createClient>['grant_types']) =>
    (await as(updateClient, { params, body: { grant_types } })).body.user_id
  expect(await grantTypes('authorization_code')).toBeNull()
  expect((await as(getClient, { params })).body.user_id).toBeNull()
  // It is the same as before when it may again.
  expect(await grantTypes('client_credentials')).toBe(own.user_id)
})

test('S26: a secret is kept under no Idempotency-Key', async () => {
  const headers = { 'idempotency-key': 'register-once' }
  const { body } = await as(createClient, { body: sample }, headers)
  await as(rotateClientSecret, { params: { id: body.id } }, headers)
  expect(await rows('select from idempotency_keys')).toEqual([])
})

test('a new secret takes the place of the old one at once', async () => {
  const client = await registerClient(desk, sample)
  const scope = { scope: 'customers:read' }
  const before = await openid.clientCredentialsGrant(client.configuration, scope)
  const rotated = await as(rotateClientSecret, { params: { id: client.record.id } })
  expect(rotated.body.client_secret).not.toBe(client.record.client_secret)
  await expect(openid.clientCredentialsGrant(client.configuration, scope)).rejects.toMatchObject({
    status: 401,
  })
  const fresh = await configurationOf(desk, rotated.body)
  expect((await openid.clientCredentialsGrant(fresh, scope)).access_token).not.toBe(before.access_token)
})

test('a public client has no secret to be replaced', async () => {
  const { record } = await registerClient(desk, {
    ...sample,
    confidential: false,
    grant_types: ['authorization_code'],
  })
  const refused = await as(rotateClientSecret, { params: { id: record.id } })
  expect([refused.status, refused.problem.type]).toEqual([409, 'urn:frontdesk:problem:client_public'])
})

test('clients are a matter for admins who have shown their password just now', async () => {
  const late = await given.admin()
  await rows(`update tokens set authenticated_at = now() - interval '11 minutes' where user_id = $1`, [
    late.id,
  ])
  const { id } = (await as(createClient, { body: sample })).body
  const call = desk.as(late)
  expect((await call(listClients, {})).status).toBe(200)
  expect((await call(createClient, { body: sample })).status).toBe(401)
  expect((await call(updateClient, { params: { id }, body: { name: 'Bills' } })).status).toBe(401)
  expect((await call(rotateClientSecret, { params: { id } })).status).toBe(401)
  expect((await call(deleteClient, { params: { id } })).status).toBe(401)
})

describe('what does not go together is refused, and named', () => {
  const faults: readonly [string, Partial<Body<typeof createClient>>][] = [
    ['/redirect_uris', { redirect_uris: [] }],
    [
      '/redirect_uris/1',
      { redirect_uris: ['https://invoices.example/callback', 'http://invoices.example/'] },
    ],
    ['/redirect_uris', { redirect_uris: ['com.example.app:/callback', 'https://localhost/callback'] }],
    ['/grant_types', { confidential: false }],
    ['/grant_types', { grant_types: ['authorization_code', 'password'] }],
  ]
  test.each(faults)('%s of %j', async (pointer, change) => {
    const made = await as(createClient, { body: { ...sample, ...change } })
    expect([made.status, made.problem.errors?.[0]?.pointer]).toEqual([422, pointer])
    const { confidential: _, ...changes } = change
    if (Object.keys(changes).length === 0) return
    const { id } = (await as(createClient, { body: sample })).body
    const updated = await as(updateClient, { params: { id }, body: changes })
    expect([updated.status, updated.problem.errors?.[0]?.pointer]).toEqual([422, pointer])
  })

  test.each([
    { scopes: ['everything'] },
    { grant_types: ['implicit'] },
    { role: 'owner' },
    { client_secret: 'mine' },
    { client_id: 'mine' },
    { name: ' ' },
    { redirect_uris: 'https://invoices.example/callback' },
  ])('%j', async (change) => {
    expect((await as(createClient, { body: { ...sample, ...change } as never })).status).toBe(422)
  })
})

test('who registers what each sign-in may ask for is told that there is no need to', async () => {
  const scopes = [
    'customers:read',
    'openid',
    'profile',
    'email',
    'offline_access',
    'everything',
    { toString: 1 },
  ]
  const pointers = ['/scopes/1', '/scopes/2', '/scopes/3', '/scopes/4']
  const noNeed = 'need not be registered: every client that acts for users may ask for it'
  const told = pointers.map((pointer) => ({ in: 'body', pointer, detail: noNeed }))
  const made = await as(createClient, { body: { ...sample, scopes } as never })
  expect([made.status, made.problem.errors?.slice(0, 4)]).toEqual([422, told])
  expect(made.problem.errors?.slice(4).map(({ detail }) => detail.slice(0, 30))).toEqual([
    'must be one of account:read, a',
    'must be string',
    'must be one of account:read, a',
  ])
  const { id } = (await as(createClient, { body: sample })).body
  const changed = await as(updateClient, { params: { id }, body: { scopes } as never })
  expect([changed.status, changed.problem.errors?.slice(0, 4)]).toEqual([422, told])
  // Only of scopes: there are other lists that these names are missing in.
  const role = await as(updateClient, { params: { id }, body: { role: 'email' } as never })
  expect(role.problem.errors?.[0]?.detail).toBe('must be one of customer, operator, admin')
})

test('the same clients are at /oauth/clients, beside the protocol', async () => {
  const headers = { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' }
  const made = await fetch(`${desk.url}/oauth/clients`, {
    method: 'POST',
    headers,
    body: JSON.stringify(sample),
  })
  expect(made.status).toBe(201)
  const { id } = (await made.json()) as { id: number }
  for (const path of [`/oauth/clients/${id}`, `/api/oauth/clients/${id}`, `/api/v1/oauth/clients/${id}`])
    expect((await fetch(desk.url + path, { headers })).status).toBe(200)
  expect((await fetch(`${desk.url}/oauth/clients`)).status).toBe(401)
  expect((await fetch(`${desk.url}/oauth/clientsx`, { headers })).status).toBe(404)
})

test('a client of our own is there without being asked for, once, and leaves no noise', async () => {
  const started = async () => {
    const other = await openTestDesk({ beside: desk })
    await fetch(`${other.url}/oauth/jwks`)
  }
  await started()
  const events = () =>
    rows(`select id from audit_events where record_type = 'client' and actor_role = 'system'`)
  const before = await events()
  expect(before).toHaveLength(1)
  await Promise.all([started(), started(), started()])
  expect(await events()).toEqual(before)
  expect(await rows(`select redirect_uris from oauth_clients where client_id = 'frontdesk-docs'`)).toEqual([
    { redirect_uris: ['http://desk.test/docs/static/oauth2-redirect.html'] },
  ])
})

test('what comes with the house is changed and deleted by nobody, and not offered for it', async () => {
  await fetch(`${desk.url}/oauth/jwks`)
  const [client] = await rows<{ id: number }>(
    `select id from oauth_clients where client_id = 'frontdesk-docs'`,
  )
  const params = { id: client?.id ?? 0 }
  const before = (await as(getClient, { params })).body
  const linked = await fetch(`${desk.url}/api/v1/oauth/clients/${params.id}`, {
    headers: { authorization: `Bearer ${admin.token}`, accept: 'application/hal+json' },
  })
  const { _links: links } = (await linked.json()) as { _links: object }
  expect(Object.keys(links)).toEqual(['self'])
  for (const refused of [
    await as(updateClient, { params, body: { role: 'customer' } }),
    await as(deleteClient, { params }),
  ])
    expect([refused.status, refused.problem.type]).toEqual([409, 'urn:frontdesk:problem:client_built_in'])
  expect((await as(getClient, { params })).body).toEqual(before)
})

describe('the password grant', () => {
  const body: Body<typeof createClient> = {
    ...sample,
    grant_types: ['password', 'refresh_token'],
    redirect_uris: [],
    first_party: true,
  }

  const sign = (
    url: string,
    { record }: Awaited<ReturnType<typeof registerClient>>,
    fields: Record<string, string>,
  ) =>
    fetch(`${url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${record.client_id}:${record.client_secret}`)}` },
      body: new URLSearchParams({ grant_type: 'password', ...fields }),
    })

  test('is off unless the configuration says so', async () => {
    const client = await registerClient(desk, body)
    const user = await given.user({ role: 'operator', password })
    const refused = await sign(desk.url, client, { username: user.username, password })
    expect([refused.status, await refused.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'unsupported_grant_type' }),
    ])
  })

  test('is for first-party clients alone, with the limits of signing in', async () => {
    const open = await openTestDesk({ beside: desk, oauthPasswordGrant: true, rateLimit: true })
    const client = await registerClient(desk, body)
    const user = await given.user({ role: 'operator', password })
    const good = await sign(open.url, client, { username: user.username, password, scope: 'customers:read' })
    const tokens = (await good.json()) as Record<string, string>
    expect([good.status, tokens.scope]).toEqual([200, 'customers:read'])
    const call = () =>
      fetch(`${open.url}/api/v1/customers`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
    expect((await call()).status).toBe(200)
    const refreshed = await openid.refreshTokenGrant(
      await configurationOf(open, client.record),
      tokens.refresh_token ?? '',
    )
    expect(refreshed.access_token).toMatch(/^fda_/)

    // Whoever lost that standing has lost the grant type with it.
    await rows('update oauth_clients set first_party = false where id = $1', [client.record.id])
    expect((await sign(open.url, client, { username: user.username, password })).status).toBe(400)
    await rows('update oauth_clients set first_party = true where id = $1', [client.record.id])

    for (let tries = 0; tries < 5; tries += 1) {
      const wrong = await sign(open.url, client, { username: user.username, password: 'wrong' })
      expect([wrong.status, await wrong.json()]).toEqual([
        400,
        expect.objectContaining({ error: 'invalid_grant' }),
      ])
    }
    const limited = await sign(open.url, client, { username: user.username, password })
    expect([limited.status, Number(limited.headers.get('retry-after')) > 0]).toEqual([429, true])
    expect(limited.headers.get('ratelimit-policy')).toBe('"sign-in";q=5;w=900')
    // The same tries count at the other door.
    const browser = browserAt(open)
    expect(await browser.signIn(user, password)).toBe(429)
  })

  test('tells with each try how many are left, and when there are too many how long to wait', async () => {
    const open = await openTestDesk({ beside: desk, oauthPasswordGrant: true, rateLimit: true })
    const client = await registerClient(desk, body)
    const user = await given.user({ role: 'operator', password })
    await rows('delete from sign_in_attempts')
    const tryWith = async (secret: string) => {
      const { status, headers } = await sign(open.url, client, { username: user.username, password: secret })
      const [, left, wait] = /^"sign-in";r=(\d+);t=(\d+)$/.exec(headers.get('ratelimit') ?? '') ?? []
      const policy = headers.get('ratelimit-policy')
      return {
        status,
        policy,
        left: Number(left),
        wait: Number(wait),
        retryAfter: headers.get('retry-after'),
      }
    }
    const policy = '"sign-in";q=5;w=900'

    for (const left of [4, 3])
      expect(await tryWith('wrong')).toMatchObject({ status: 400, policy, left, retryAfter: null })
    // A right one clears the count.
    expect(await tryWith(password)).toMatchObject({ status: 200, policy, left: 5, retryAfter: null })
    for (const left of [4, 3, 2, 1, 0])
      expect(await tryWith('wrong')).toMatchObject({ status: 400, policy, left, retryAfter: null })
    for (const secret of ['wrong', password]) {
      const { wait, ...refused } = await tryWith(secret)
      expect(refused).toEqual({ status: 429, policy, left: 0, retryAfter: String(wait) })
      expect(wait).toBeGreaterThan(890)
      expect(wait).toBeLessThanOrEqual(900)
    }
    await rows(`update sign_in_attempts set window_ends_at = window_ends_at - interval '15 minutes'`)
    expect(await tryWith(password)).toMatchObject({ status: 200, policy, left: 5, retryAfter: null })
  })
})

test('a desk that forgets what has ended keeps what works', async () => {
  const client = await registerClient(desk, sample)
  const user = await given.user({ role: 'operator', password })
  const browser = browserAt(desk)
  await browser.signIn(user, password)
  const old = await tokensFor(client, browser)
  await rows(`update oauth_grants set expires_at = now() - interval '8 days' where user_id = $1`, [user.id])
  const kept = await tokensFor(client, browser, { prompt: 'consent' })
  await rows(`update oauth_browsers set expires_at = now() - interval '1 second'`)
  await oauthTasks(desk.ctx, secretKey)['forget_expired_grants']?.work()
  expect(await rows('select id from oauth_grants where user_id = $1', [user.id])).toHaveLength(1)
  expect(await rows('select kind from oauth_browsers')).toEqual([])
  const status = async (token: string) =>
    (await fetch(`${desk.url}/api/v1/customers`, { headers: { authorization: `Bearer ${token}` } })).status
  expect([await status(old.access_token), await status(kept.access_token)]).toEqual([401, 200])
})

test('S06: only admins hear of clients, and only who gave it of a grant', async () => {
  const [operator, user] = [await given.operator(), await given.operator()]
  const { id } = (await as(createClient, { body: sample })).body
  const grant = await given.grant(user)
  const heard = async (who: { token: string }) => {
    const { results } = (await desk.as(who)(listEvents, { query: { limit: 1000 } })).body
    return results.map(({ record_type, record_id }) => `${record_type}:${record_id}`)
  }
  expect(await heard(admin)).toContain(`client:${id}`)
  expect(await heard(operator)).not.toContain(`client:${id}`)
  expect(await heard(user)).toContain(`grant:${grant.id}`)
  for (const other of [admin, operator]) expect(await heard(other)).not.toContain(`grant:${grant.id}`)
})
