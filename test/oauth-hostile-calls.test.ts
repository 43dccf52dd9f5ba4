// Calls of the protocol that no client makes: each is answered, and none keeps others waiting.
import { connect } from 'node:net'
import * as openid from 'openid-client'
import { expect, test } from 'vitest'
import { livez } from '../contract/index.ts'
import { alwaysSent } from '../server/http/secure-headers.ts'
import { deleteExpiredDeviceCodes } from '../server/oauth/artifact-repository.ts'
import { openTestDesk } from './support/desk.ts'
import { authorizationOf, registerClient, signedIn, tokensFor } from './support/oauth.ts'

const desk = await openTestDesk()

const post = (path: string, body: string, type = 'application/x-www-form-urlencoded') =>
  fetch(desk.url + path, { method: 'POST', headers: { 'content-type': type }, body, redirect: 'manual' })

test('who sends only the head of a call keeps nobody else from being answered', async () => {
  const small = await openTestDesk({ beside: desk, requestsAtOnce: 10 })
  const { hostname, port } = new URL(small.url)
  const silent = Array.from({ length: 20 }, () => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    socket.write(
      'POST /oauth/token HTTP/1.1\r\nHost: desk.test\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n',
    )
    return socket
  })
  try {
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect((await small.anonymous(livez, {})).status).toBe(200)
    const answer = await fetch(`${small.url}/oauth/token`, { method: 'POST' })
    expect(answer.status).toBe(400)
  } finally {
    for (const socket of silent) socket.destroy()
  }
})

test('a parameter that is sent twice is refused', async () => {
  const { record } = await registerClient(desk, { grant_types: ['client_credentials'], redirect_uris: [] })
  const once = `grant_type=client_credentials&client_id=${record.client_id}&client_secret=${record.client_secret}`
  expect((await post('/oauth/token', once)).status).toBe(200)
  const twice = await post('/oauth/token', `${once}&scope=customers:read&scope=events:read`)
  expect([twice.status, await twice.json()]).toEqual([
    400,
    expect.objectContaining({
      error: 'invalid_request',
      error_description: expect.stringContaining('twice'),
    }),
  ])
})

test.each(['token', 'revoke', 'introspect', 'device_authorization'])(
  'S18 a body that is no form is told so by /oauth/%s',
  async (name) => {
    const answer = await post(`/oauth/${name}`, '{"grant_type":"client_credentials"}', 'application/json')
    expect([answer.status, await answer.json()]).toEqual([
      400,
      {
        error: 'invalid_request',
        error_description: 'Send the body as application/x-www-form-urlencoded.',
      },
    ])
  },
)

test.each([
  ['GET', '/oauth/device/abc'],
  ['POST', '/oauth/device'],
  ['GET', '/oauth/authorize?client_id=%00'],
])('%s %s out of nowhere is answered with a page and the headers of the house', async (method, path) => {
  const answer = await fetch(desk.url + path, { method })
  expect(answer.status).toBe(400)
  for (const name of [...Object.keys(alwaysSent), 'x-request-id'])
    expect(answer.headers.has(name), name).toBe(true)
  expect(await answer.text()).toContain('This did not work')
})

test.each([
  ['/.well-known/oauth-authorization-server', 'GET, HEAD, OPTIONS'],
  ['/.well-known/openid-configuration', 'GET, HEAD, OPTIONS'],
  ['/oauth/jwks', 'GET, HEAD, OPTIONS'],
  ['/oauth/authorize', 'GET, POST'],
  ['/oauth/authorize/abc', 'GET'],
  ['/oauth/interaction/abc', 'GET, HEAD, POST'],
  ['/oauth/device', 'GET, POST'],
  ['/oauth/device/abc', 'GET'],
  ['/oauth/device_authorization', 'OPTIONS, POST'],
  ['/oauth/token', 'OPTIONS, POST'],
  ['/oauth/revoke', 'OPTIONS, POST'],
  ['/oauth/introspect', 'OPTIONS, POST'],
  ['/oauth/userinfo', 'GET, HEAD, OPTIONS, POST'],
  ['/oauth/pages/consent.css', 'GET, HEAD'],
  ['/oauth/clients', 'GET, HEAD, POST'],
])('S49 %s answers 405 to all methods but %s', async (path, allow) => {
  const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']
  const refused = methods.filter((method) => !allow.split(', ').includes(method))
  for (const method of refused) {
    // The body is no reason: what is in it makes no difference.
    const body = method === 'GET' || method === 'HEAD' ? {} : { body: '{' }
    const answer = await fetch(desk.url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...body,
    })
    expect([answer.status, answer.headers.get('allow')], method).toEqual([405, allow])
    expect(answer.headers.get('content-type'), method).toBe('application/problem+json')
    if (method === 'HEAD') continue
    expect(await answer.json()).toMatchObject({
      type: 'urn:frontdesk:problem:method_not_allowed',
      instance: path,
      detail: `${method} is not possible here. Possible: ${allow}.`,
    })
  }
})

test.each(['/.well-known/openid-configuration', '/oauth/jwks'])('%s is there for HEAD, too', async (path) => {
  const [head, get] = await Promise.all(['HEAD', 'GET'].map((method) => fetch(desk.url + path, { method })))
  expect([head?.status, head?.headers.get('content-length')]).toEqual([
    200,
    get?.headers.get('content-length'),
  ])
})

test('S41 U+0000 in the name of a client or a user is no failure of ours', async () => {
  const unknown = await post('/oauth/token', 'grant_type=client_credentials&client_id=%00&client_secret=x')
  expect([unknown.status, await unknown.json()]).toEqual([
    401,
    expect.objectContaining({ error: 'invalid_client' }),
  ])

  const own = await openTestDesk({ beside: desk, oauthPasswordGrant: true })
  const { record } = await registerClient(desk, {
    grant_types: ['password'],
    redirect_uris: [],
    first_party: true,
  })
  const proof = `client_id=${record.client_id}&client_secret=${record.client_secret}`
  for (const credentials of [
    'username=a%00b&password=x',
    'username=ed&password=%00',
    `username=${'e'.repeat(300)}&password=x`,
  ]) {
    const answer = await fetch(`${own.url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=password&${proof}&${credentials}`,
    })
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_grant' }),
    ])
  }
})

test('what is longer than any client needs is not kept', async () => {
  const page = await fetch(`${desk.url}/oauth/authorize?client_id=frontdesk-docs&state=${'s'.repeat(4096)}`)
  expect([page.status, await page.text()]).toEqual([400, expect.stringContaining('This did not work')])
  const body = `client_id=frontdesk-docs&scope=${'s'.repeat(4096)}`
  expect((await post('/oauth/device_authorization', body)).status).toBe(413)
})

test.each([
  ['/oauth/token', 16_384],
  ['/oauth/revoke', 16_384],
  ['/oauth/introspect', 16_384],
  ['/oauth/userinfo', 16_384],
  ['/oauth/device', 16_384],
  ['/oauth/authorize', 4_096],
  ['/oauth/device_authorization', 4_096],
])('S49 a body at %s has at most %i bytes', async (path, limit) => {
  expect((await post(path, 'a'.repeat(limit))).status).not.toBe(413)
  const refused = await post(path, 'a'.repeat(limit + 1))
  expect([refused.status, await refused.json()]).toEqual([
    413,
    expect.objectContaining({ type: 'urn:frontdesk:problem:too_large' }),
  ])
})

test.each(['/oauth/authorize', '/oauth/device', '/oauth/jwks', '/.well-known/openid-configuration'])(
  'a query at %s has at most 4096 bytes',
  async (path) => {
    const ask = async (bytes: number) => (await fetch(`${desk.url}${path}?${'a'.repeat(bytes - 1)}`)).text()
    const refusal = 'This address is longer than any program needs.'
    expect(await ask(4_096)).not.toContain(refusal)
    expect(await ask(4_097)).toContain(refusal)
  },
)

test('the authorization endpoint takes a form, too', async () => {
  const answer = await post('/oauth/authorize', 'client_id=one%20two&scope=a&scope=b')
  expect([answer.status, answer.headers.get('location')]).toEqual([
    303,
    '/oauth/authorize?client_id=one+two&scope=a&scope=b',
  ])
})

test('an error goes to no page with a script, whatever response mode was asked for', async () => {
  const { record } = await registerClient(desk)
  const asked = new URLSearchParams({
    client_id: record.client_id,
    redirect_uri: record.redirect_uris[0] ?? '',
    response_type: 'code',
    response_mode: 'form_post',
  })
  const answer = await fetch(`${desk.url}/oauth/authorize?${asked}`, { redirect: 'manual' })
  expect(answer.headers.get('location')).toMatch(/^https:\/\/invoices\.example\/callback\?error=/)
})

test('no origin is `null`', async () => {
  const { record } = await registerClient(desk, {
    confidential: false,
    redirect_uris: ['com.example.app:/callback'],
  })
  const answer = await fetch(`${desk.url}/oauth/token`, {
    method: 'POST',
    headers: { origin: 'null' },
    body: new URLSearchParams({ grant_type: 'authorization_code', client_id: record.client_id, code: 'x' }),
  })
  expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([400, null])
})

test('a device code that nobody has answered for is forgotten when it has expired; a used one is kept', async () => {
  const { record } = await registerClient(desk, {
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
    redirect_uris: [],
  })
  const proof = `client_id=${record.client_id}&client_secret=${record.client_secret}`
  for (const used of [false, true]) {
    expect((await post('/oauth/device_authorization', proof)).status).toBe(200)
    await desk.rows(
      `update oauth_tokens set expires_at = now() - interval '1 second',
         consumed_at = case when $1::boolean then now() end
       where kind = 'DeviceCode' and expires_at > now()`,
      [used],
    )
  }
  await deleteExpiredDeviceCodes(desk.ctx.db)
  const left = await desk.rows(
    `select consumed_at is not null as used from oauth_tokens where kind = 'DeviceCode'`,
  )
  expect(left).toEqual([{ used: true }])
})

test('an address begins no more than 60 authorizations in a minute, and is told how many are left', async () => {
  const limited = await openTestDesk({ beside: desk, rateLimit: true, apiRateLimit: 1000 })
  const begin = (calls: number) =>
    calls % 2 === 0
      ? fetch(`${limited.url}/oauth/authorize`)
      : fetch(`${limited.url}/oauth/device_authorization`, { method: 'POST' })
  for (let calls = 1; calls <= 60; calls += 1) {
    const { status, headers } = await begin(calls)
    expect(status).toBe(400)
    expect(headers.get('ratelimit-policy')).toBe('"authorization";q=60;w=60')
    expect(headers.get('ratelimit')).toMatch(new RegExp(`^"authorization";r=${60 - calls};t=\\d+$`))
  }
  for (const calls of [61, 62]) {
    const { status, headers } = await begin(calls)
    const wait = headers.get('retry-after')
    expect([status, headers.get('ratelimit')]).toEqual([429, `"authorization";r=0;t=${wait}`])
  }
  expect((await fetch(`${limited.url}/oauth/jwks`)).status).toBe(200)
  limited.advance(60_000)
  expect((await begin(1)).status).toBe(400)
})

test('a program without a secret asks each time, also where it has https on the own machine', async () => {
  const client = await registerClient(desk, {
    confidential: false,
    redirect_uris: ['https://localhost:8443/callback'],
  })
  const { browser } = await signedIn(desk)
  await tokensFor(client, browser)
  const again = await browser.open((await authorizationOf(client)).url)
  expect(again.text).toContain('asks to act for')
})

test('a token tells no scope that was taken from its client', async () => {
  const client = await registerClient(desk, { scopes: ['customers:read', 'events:read'] })
  const { browser } = await signedIn(desk)
  const tokens = await tokensFor(client, browser, { scope: 'openid customers:read events:read' })
  await desk.rows(`update oauth_clients set scopes = array['customers:read'] where id = $1`, [
    client.record.id,
  ])
  const told = await openid.tokenIntrospection(client.configuration, tokens.access_token)
  expect([told.active, told.scope]).toEqual([true, 'openid customers:read'])
  const next = await openid.refreshTokenGrant(client.configuration, tokens.refresh_token ?? '')
  expect(next.scope).toBe('openid customers:read')
})
