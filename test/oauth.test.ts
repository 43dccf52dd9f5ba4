// OAuth 2.1 and OpenID Connect, as an independent client meets them.
import * as openid from 'openid-client'
import { expect, test } from 'vitest'
import {
  assignRequest,
  type Client,
  createCustomer,
  endpoints,
  getMe,
  getOperator,
  listClients,
  listCustomers,
  listMyGrants,
  listMyTokens,
  createPost,
  openTicket,
  updateUser,
  listOperators,
  scopeNames,
  updateClient,
} from '../contract/index.ts'
import { alwaysSent } from '../server/http/secure-headers.ts'
import { browserAt } from './support/browser.ts'
import { openTestDesk } from './support/desk.ts'
import {
  authorizationOf,
  configurationOf,
  password,
  rawRequest,
  registerClient,
  signedIn,
  tokensFor,
} from './support/oauth.ts'

const desk = await openTestDesk()

test('a client is found by discovery, allowed by a person, and acts for them', async () => {
  const client = await registerClient(desk)
  const { user, browser } = await signedIn(desk)

  const { url, verifier, state } = await authorizationOf(client)
  const page = await browser.open(url)
  expect(page.text).toContain('<strong>Invoices</strong> asks to act for <strong>Test User</strong>')
  expect(page.text).toContain('See customers')
  const back = (await browser.submit(page, { choice: 'allow' })).url
  expect(back.origin + back.pathname).toBe('https://invoices.example/callback')
  expect(back.searchParams.get('iss')).toBe('http://desk.test')
  const tokens = await openid.authorizationCodeGrant(client.configuration, back, {
    pkceCodeVerifier: verifier,
    expectedState: state,
  })

  expect(tokens).toMatchObject({
    token_type: 'bearer',
    expires_in: 600,
    scope: 'openid profile customers:read',
  })
  expect(tokens.claims()).toMatchObject({
    sub: `${user.id}`,
    name: 'Test User',
    preferred_username: user.username,
  })
  const as = desk.as({ token: tokens.access_token })
  expect((await as(listCustomers, {})).status).toBe(200)
  const refused = await as(createCustomer, { body: { first_name: 'Ed', last_name: 'Stark' } })
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
    403,
    expect.stringContaining('insufficient_scope'),
  ])
  expect((await as(getMe, {})).status).toBe(403)
  expect(await openid.fetchUserInfo(client.configuration, tokens.access_token, `${user.id}`)).toMatchObject({
    sub: `${user.id}`,
    name: 'Test User',
  })
})

test('what was allowed once is not asked again, and each sign-in has a grant of its own', async () => {
  const client = await registerClient(desk)
  const { browser } = await signedIn(desk)
  await tokensFor(client, browser)
  const again = await browser.open((await authorizationOf(client)).url)
  expect(again.url.searchParams.has('code')).toBe(true)
  // More than before is asked, and so is what is asked for.
  const more = await browser.open(
    (await authorizationOf(client, { scope: 'customers:read events:read' })).url,
  )
  expect(more.text).toContain('Hear of changes')
  const asked = await browser.open((await authorizationOf(client, { prompt: 'consent' })).url)
  expect(asked.text).toContain('asks to act for')
})

test('a person who is not signed in is sent to sign in, and comes back', async () => {
  const client = await registerClient(desk)
  const user = await desk.given.user({ role: 'operator', password })
  const browser = browserAt(desk)
  const page = await browser.open((await authorizationOf(client)).url)
  expect(page.url.pathname).toBe('/sign-in')
  const place = page.url.searchParams.get('return_to') ?? ''
  expect(place).toMatch(/^\/oauth\/interaction\/[\w-]+$/)
  await browser.signIn(user, password)
  const consent = await browser.open(place)
  expect(consent.text).toContain('asks to act for <strong>Test User</strong>')
  expect((await browser.submit(consent, { choice: 'allow' })).url.searchParams.has('code')).toBe(true)
})

test('prompt=none answers at once: with a code for who is signed in and has allowed it, with an error otherwise', async () => {
  const client = await registerClient(desk)
  const { browser } = await signedIn(desk)
  const silently = async () =>
    (await browser.open((await authorizationOf(client, { prompt: 'none' })).url)).url
  expect((await silently()).searchParams.get('error')).toBe('consent_required')
  await tokensFor(client, browser)
  expect((await silently()).searchParams.has('code')).toBe(true)
  await browser.signOut()
  expect((await silently()).searchParams.get('error')).toBe('login_required')
})

test('who signs out here is signed out there; who signs in as another is asked as that one', async () => {
  const client = await registerClient(desk)
  const { browser } = await signedIn(desk)
  await tokensFor(client, browser)
  await browser.signOut()
  expect((await browser.open((await authorizationOf(client)).url)).url.pathname).toBe('/sign-in')
  const other = await desk.given.user({ role: 'operator', password })
  await browser.signIn(other, password)
  const page = await browser.open((await authorizationOf(client)).url)
  expect(page.text).toContain('asks to act for')

  // Between the question and the answer.
  const third = await desk.given.user({ role: 'operator', password })
  await browser.signIn(third, password)
  const answered = await browser.submit(page, { choice: 'allow' })
  expect([answered.status, answered.text]).toEqual([400, expect.stringContaining('somebody else by now')])
})

test('a client may ask for a fresh sign-in', async () => {
  const client = await registerClient(desk)
  const { user, browser } = await signedIn(desk)
  await tokensFor(client, browser)
  const moved = (by: string) =>
    desk.rows(`update sessions set authenticated_at = now() - $2::interval where user_id = $1`, [user.id, by])
  await moved('1 hour')
  const fresh = await browser.open((await authorizationOf(client, { prompt: 'login' })).url)
  expect(fresh.url.pathname).toBe('/sign-in')
  await browser.signIn(user, password)
  const back = await browser.open(fresh.url.searchParams.get('return_to') ?? '')
  expect(back.url.searchParams.has('code')).toBe(true)

  await moved('1 hour')
  const old = await browser.open((await authorizationOf(client, { max_age: '600' })).url)
  expect(old.url.pathname).toBe('/sign-in')
  const young = await browser.open((await authorizationOf(client, { max_age: '7200' })).url)
  expect(young.url.searchParams.has('code')).toBe(true)
})

test('a person may say no', async () => {
  const client = await registerClient(desk)
  const { browser } = await signedIn(desk)
  const { url, state } = await authorizationOf(client)
  const back = (await browser.submit(await browser.open(url), { choice: 'deny' })).url
  expect([back.searchParams.get('error'), back.searchParams.get('state')]).toEqual(['access_denied', state])
  expect(back.searchParams.get('iss')).toBe('http://desk.test')
})

test('S38: consent is taken from our own page alone', async () => {
  const client = await registerClient(desk)
  const { browser } = await signedIn(desk)
  const page = await browser.open((await authorizationOf(client)).url)
  for (const headers of [
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-site', origin: 'http://desk.test' },
    {},
  ]) {
    const answered = await browser.submit(page, { choice: 'allow' }, headers)
    expect([answered.status, answered.text]).toEqual([403, expect.stringContaining('not sent by a page')])
  }
  expect((await browser.submit(page, { choice: 'allow' })).url.searchParams.has('code')).toBe(true)
})

test('the page for consent runs no script, is shown in no frame, and leads only where it says', async () => {
  const client = await registerClient(desk, { name: '<img src=x onerror=alert(1)>"\'&' })
  const { browser } = await signedIn(desk)
  const page = await browser.open((await authorizationOf(client)).url)
  expect(page.text).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;')
  expect(page.text).not.toContain('<img')
  expect(page.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; script-src 'self'; .*form-action 'self' https:\/\/invoices\.example; .*frame-ancestors 'none'/,
  )
  expect(page.headers.get('x-frame-options')).toBe('DENY')
  // A browser names no origin with a form under `no-referrer`, and the answer would be taken for another site's.
  expect(page.headers.get('referrer-policy')).toBe('same-origin')
})

test('a client acts on its own as its service user, with its own scopes at most', async () => {
  const client = await registerClient(desk, {
    grant_types: ['client_credentials'],
    redirect_uris: [],
    role: 'operator',
    scopes: ['customers:read', 'customers:write'],
  })
  const tokens = await openid.clientCredentialsGrant(client.configuration, { scope: 'customers:read' })
  expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 600, scope: 'customers:read' })
  const as = desk.as({ token: tokens.access_token })
  expect((await as(listCustomers, {})).status).toBe(200)
  const body = { first_name: 'Ed', last_name: 'Stark' }
  expect((await as(createCustomer, { body })).status).toBe(403)

  const all = await openid.clientCredentialsGrant(client.configuration)
  expect(all.scope).toBe('customers:read customers:write')
  const created = await desk.as({ token: all.access_token })(createCustomer, { body })
  expect(created.status).toBe(201)
  const [event] = await desk.rows<{ is_service: boolean; first_name: string; role: string }>(
    `select users.is_service, users.first_name, users.role from audit_events join users on users.id = audit_events.actor_id
     where record_type = 'customer' and record_id = $1`,
    [created.body.id],
  )
  expect(event).toEqual({ is_service: true, first_name: 'Invoices', role: 'operator' })

  for (const scope of ['tickets:read', 'openid', 'customers:read nonsense'])
    await expect(openid.clientCredentialsGrant(client.configuration, { scope })).rejects.toMatchObject({
      error: 'invalid_scope',
    })
})

test('a service user is nobody’s colleague, and nobody signs in as one', async () => {
  const client = await registerClient(desk, {
    grant_types: ['client_credentials'],
    redirect_uris: [],
    role: 'operator',
  })
  const admin = await desk.given.admin()
  const [service] = await desk.rows<{ id: number }>(
    'select user_id as id from oauth_clients where client_id = $1',
    [client.record.client_id],
  )
  const listed = (await desk.as(admin)(listOperators, { query: { limit: 100 } })).body.results
  expect(listed.map(({ id }) => id)).not.toContain(service?.id)
  expect((await desk.as(admin)(getOperator, { params: { id: service?.id ?? 0 } })).status).toBe(404)
  const request = await desk.given.request()
  const assigned = await desk.as(admin)(assignRequest, {
    params: { id: service?.id ?? 0, request_id: request.id },
  })
  expect(assigned.status).toBe(404)
})

test('of user and client the lesser role counts, in every moment', async () => {
  const client = await registerClient(desk, { role: 'customer', scopes: ['account:read', 'customers:read'] })
  const { user, browser } = await signedIn(desk)
  const { access_token: token } = await tokensFor(client, browser, { scope: 'account:read customers:read' })
  const as = desk.as({ token })
  expect((await as(listCustomers, {})).status).toBe(403)
  const admin = await desk.given.admin()
  const change = (body: object) => desk.as(admin)(updateClient, { params: { id: client.record.id }, body })
  expect((await change({ role: 'operator' })).status).toBe(200)
  await expect.poll(async () => (await as(listCustomers, {})).status).toBe(200)
  await desk.rows(`update users set role = 'customer' where id = $1`, [user.id])
  await expect.poll(async () => (await as(listCustomers, {})).status).toBe(403)
  await desk.rows(`update users set role = 'operator' where id = $1`, [user.id])
  await expect.poll(async () => (await as(listCustomers, {})).status).toBe(200)
  // A scope that the client loses is gone from the tokens that it has.
  expect((await change({ scopes: ['account:read'] })).status).toBe(200)
  await expect.poll(async () => (await as(listCustomers, {})).status).toBe(403)
  expect((await as(getMe, {})).status).toBe(200)
})

test('a client that acts for the staff as a customer opens no ticket: they are none', async () => {
  const client = await registerClient(desk, { role: 'customer', scopes: ['tickets:write'] })
  for (const role of ['operator', 'admin'] as const) {
    const { user, browser } = await signedIn(desk, { role })
    const { access_token: token } = await tokensFor(client, browser, { scope: 'tickets:write' })
    const { status, body } = await desk.as({ token })(openTicket, {
      body: { subject: 'Own', message: 'Hello' },
    })
    expect({ status, body }).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('no customer record of its own') },
    })
    expect(await desk.rows('select from customers where user_id = $1', [user.id])).toEqual([])
  }
})

test('nor for one who was a customer before', async () => {
  const client = await registerClient(desk, { role: 'customer', scopes: ['tickets:write'] })
  const { user, browser } = await signedIn(desk, { role: 'customer' })
  await desk.given.own(user)
  const { access_token: token } = await tokensFor(client, browser, { scope: 'tickets:write' })
  const open = () => desk.as({ token })(openTicket, { body: { subject: 'Own', message: 'Hello' } })
  const opened = await open()
  expect(opened.status).toBe(201)
  const answer = () =>
    desk.as({ token })(createPost, { params: { id: opened.body.id }, body: { message: 'Hello?' } })
  expect((await answer()).status).toBe(201)
  const promoted = { params: { id: user.id }, body: { role: 'operator' as const } }
  expect((await desk.as(await desk.given.admin())(updateUser, promoted)).status).toBe(200)
  expect([(await open()).status, (await answer()).status]).toEqual([403, 403])
})

test('what is for a person alone is not for a client, whatever it was granted', async () => {
  const client = await registerClient(desk, { scopes: scopeNames })
  const { browser } = await signedIn(desk, { role: 'admin' })
  const { access_token: token } = await tokensFor(client, browser, { scope: scopeNames.join(' ') })
  for (const endpoint of [listClients, listMyGrants, listMyTokens])
    expect((await desk.as({ token })(endpoint, {})).status).toBe(403)
})

test('introspection tells a client of its own tokens, and nobody of others', async () => {
  const client = await registerClient(desk)
  const other = await registerClient(desk)
  const { user, browser } = await signedIn(desk)
  const { access_token, refresh_token = '' } = await tokensFor(client, browser)
  const now = Date.now() / 1000
  const told = await openid.tokenIntrospection(client.configuration, access_token)
  expect(told).toMatchObject({
    active: true,
    client_id: client.record.client_id,
    sub: `${user.id}`,
    scope: 'openid profile customers:read',
    token_type: 'Bearer',
  })
  expect(Number(told.exp)).toBeGreaterThan(now + 590)
  expect((await openid.tokenIntrospection(client.configuration, refresh_token)).active).toBe(true)
  for (const token of [access_token, refresh_token])
    expect(await openid.tokenIntrospection(other.configuration, token)).toEqual({ active: false })
  expect(await openid.tokenIntrospection(client.configuration, 'fda_unknown')).toEqual({ active: false })
  await desk.rows('update users set disabled_at = now() where id = $1', [user.id])
  for (const token of [access_token, refresh_token])
    expect(await openid.tokenIntrospection(client.configuration, token)).toEqual({ active: false })
})

test('a public client proves itself by PKCE alone, and introspects nothing', async () => {
  const client = await registerClient(desk, {
    confidential: false,
    redirect_uris: ['http://127.0.0.1/callback'],
  })
  expect(client.record.client_secret).toBeUndefined()
  const { browser } = await signedIn(desk)
  // On the own machine an app gets another port each time.
  const tokens = await tokensFor(client, browser, { redirect_uri: 'http://127.0.0.1:49152/callback' })
  expect((await desk.as({ token: tokens.access_token })(listCustomers, {})).status).toBe(200)
  expect(await openid.tokenIntrospection(client.configuration, tokens.access_token)).toEqual({
    active: false,
  })
})

test('discovery and keys are where clients look, for every origin, and name nothing private', async () => {
  const discover = async (path: string) => {
    const response = await fetch(desk.url + path, { headers: { origin: 'https://spa.example' } })
    expect(response.headers.get('access-control-allow-origin')).toBe('https://spa.example')
    return (await response.json()) as { grant_types_supported: string[]; keys: object[] }
  }
  const document = await discover('/.well-known/oauth-authorization-server')
  expect(await discover('/.well-known/openid-configuration')).toEqual(document)
  expect(document).toMatchObject({
    issuer: 'http://desk.test',
    authorization_endpoint: 'http://desk.test/oauth/authorize',
    token_endpoint: 'http://desk.test/oauth/token',
    code_challenge_methods_supported: ['S256'],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    id_token_signing_alg_values_supported: ['RS256'],
  })
  expect(document.grant_types_supported).not.toContain('password')
  const { keys } = await discover('/oauth/jwks')
  expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']])
})

test.each([
  ['Host', { host: 'evil.example' }],
  ['X-Forwarded-Host', { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }],
  ['Forwarded', { forwarded: 'host=evil.example;proto=https' }],
])('S08: %s changes no URL', async (_, headers) => {
  const { text } = await rawRequest(desk.url, '/.well-known/openid-configuration', headers)
  expect(text).not.toContain('evil.example')
  expect(JSON.parse(text).token_endpoint).toBe('http://desk.test/oauth/token')
})

test('what the protocol answers bears the headers of the house', async () => {
  const response = await fetch(`${desk.url}/oauth/token`, { method: 'POST' })
  for (const name of [...Object.keys(alwaysSent), 'x-request-id'])
    expect(response.headers.has(name), name).toBe(true)
  expect(response.status).toBe(400)
  const text = await response.text()
  expect(JSON.parse(text).error).toBe('invalid_request')
  expect(text).not.toMatch(/at .*\.js|node_modules/)
})

test('who signs out between the answer and the code gets no code', async () => {
  const client = await registerClient(desk)
  const { browser } = await signedIn(desk)
  const page = await browser.open((await authorizationOf(client)).url)
  const answered = await fetch(desk.url + page.url.pathname, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      origin: 'http://desk.test',
      'content-type': 'application/x-www-form-urlencoded',
      cookie: [...browser.cookies].map(([name, { value }]) => `${name}=${value}`).join('; '),
    },
    body: 'choice=allow&scope=openid+profile+customers:read',
  })
  const resume = answered.headers.get('location') ?? ''
  expect(resume).toMatch(/^http:\/\/desk\.test\/oauth\/authorize\//)
  await browser.signOut()
  expect((await browser.open(resume)).url.pathname).toBe('/sign-in')
})

test('a scope that nobody knows is not granted, and one that the client may not have is refused', async () => {
  const client = await registerClient(desk)
  const { browser } = await signedIn(desk)
  const tokens = await tokensFor(client, browser, { scope: 'customers:read customers:eat' })
  expect(tokens.scope).toBe('customers:read')
  const refused = await browser.open((await authorizationOf(client, { scope: 'customers:write' })).url)
  expect(refused.url.searchParams.get('error')).toBe('invalid_scope')
})

test('the protocol has the limits of the house', async () => {
  const limited = await openTestDesk({ beside: desk, rateLimit: true, apiRateLimit: 25 })
  const ask = () => fetch(`${limited.url}/oauth/token`, { method: 'POST' })
  const statuses = []
  for (let calls = 0; calls < 6; calls += 1) statuses.push((await ask()).status)
  expect(statuses).toEqual([400, 400, 400, 400, 400, 429])
  expect((await ask()).headers.get('retry-after')).toMatch(/^\d+$/)
  expect((await fetch(`${limited.url}/sign-in`)).status).toBe(200)
})

test('a database that does not answer is told as that', async () => {
  const client = await registerClient(desk, { grant_types: ['client_credentials'], redirect_uris: [] })
  const holding = await desk.pool.connect()
  try {
    await holding.query('begin; lock table oauth_clients in access exclusive mode')
    const response = await fetch(`${desk.url}/oauth/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`${client.record.client_id}:${client.record.client_secret}`)}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    expect([response.status, await response.json()]).toEqual([
      503,
      expect.objectContaining({ error: 'temporarily_unavailable' }),
    ])
  } finally {
    await holding.query('rollback')
    holding.release()
  }
})

test('the documentation is a client itself, and says of each call which scope it needs', async () => {
  const script = await (await fetch(`${desk.url}/docs/static/swagger-initializer.js`)).text()
  expect(script).toContain('frontdesk-docs')
  expect(script).toContain('"usePkceWithAuthorizationCodeGrant":true')
  expect(script).toContain("resolveUrl('./static/oauth2-redirect.html')")
  expect((await fetch(`${desk.url}/docs/static/oauth2-redirect.html`)).status).toBe(200)

  const document = (await (await fetch(`${desk.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { security: Record<string, string[]>[] }>>
    components: { securitySchemes: Record<string, { flows: Record<string, { scopes: object }> }> }
  }
  const { oauth2 } = document.components.securitySchemes
  expect(Object.keys(oauth2?.flows ?? {})).toEqual(['authorizationCode', 'clientCredentials'])
  expect(Object.keys(oauth2?.flows['authorizationCode']?.scopes ?? {})).toEqual(scopeNames)
  for (const { config, method, url } of endpoints) {
    const security = document.paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]?.security
    const named = security?.flatMap((scheme) => scheme['oauth2'] ?? [])
    expect(named, `${method} ${url}`).toEqual(config.scope === undefined ? [] : [config.scope])
  }

  const record = {
    client_id: 'frontdesk-docs',
    redirect_uris: ['http://desk.test/docs/static/oauth2-redirect.html'],
  }
  const docs = { record: record as Client, configuration: await configurationOf(desk, record) }
  const { browser } = await signedIn(desk)
  const tokens = await tokensFor(docs, browser, { scope: 'customers:read' })
  expect((await desk.as({ token: tokens.access_token })(listCustomers, {})).status).toBe(200)
})

test('over TLS every cookie is Secure; none is for scripts, for other sites, or for the rest of the desk', async () => {
  const secure = await openTestDesk({ publicUrl: 'https://desk.test' })
  const client = await registerClient(secure)
  const { url } = await authorizationOf(client)
  const response = await fetch(secure.url + url.pathname + url.search, { redirect: 'manual' })
  const cookies = response.headers.getSetCookie()
  expect(cookies.length).toBeGreaterThanOrEqual(4)
  for (const cookie of cookies) {
    expect(cookie).toMatch(/; path=\/oauth(?:[;/]|$)/)
    expect(cookie).toMatch(/; secure(?:;|$)/)
    expect(cookie).toMatch(/; httponly(?:;|$)/)
    expect(cookie).toMatch(/; samesite=lax(?:;|$)/)
    expect(cookie).not.toMatch(/domain=/)
  }
  // Each with its signature, without which it is nothing.
  const names = cookies.map((cookie) => cookie.split('=')[0] ?? '')
  for (const name of names.filter((name) => !name.endsWith('.sig'))) expect(names).toContain(`${name}.sig`)
  expect(response.headers.get('strict-transport-security')).toContain('max-age')
})

test('a cookie that was made by somebody else is no cookie', async () => {
  const client = await registerClient(desk)
  const { browser } = await signedIn(desk)
  const page = await browser.open((await authorizationOf(client)).url)
  const asking = (change: (cookie: string) => string) =>
    fetch(desk.url + page.url.pathname, {
      headers: {
        cookie: [...browser.cookies].map(([name, { value }]) => change(`${name}=${value}`)).join('; '),
      },
    })
  expect((await asking((cookie) => cookie)).status).toBe(200)
  expect((await asking((cookie) => (cookie.includes('.sig=') ? `${cookie}x` : cookie))).status).toBe(400)
})

test.each([
  [
    'a public client on the person’s machine',
    { confidential: false, redirect_uris: ['http://127.0.0.1/callback'] },
    true,
  ],
  ['an app with a scheme of its own', { redirect_uris: ['com.example.app:/callback'] }, true],
  [
    'a client that keeps a secret on that machine',
    { redirect_uris: ['http://127.0.0.1:3000/callback'] },
    false,
  ],
  ['a public client with an address of its own', { confidential: false }, false],
])('%s, which another app could pretend to be or not, asks each time: %s', async (_, facts, asks) => {
  const client = await registerClient(desk, facts)
  const { browser } = await signedIn(desk)
  await tokensFor(client, browser)
  const again = await browser.open((await authorizationOf(client)).url)
  expect(again.text.includes('asks to act for')).toBe(asks)
})
