// What attacks on OAuth 2.1 try (RFC 9700), each refused: S13, S14, S15, S07, S26 and the invariants of tokens.
import * as openid from 'openid-client'
import pino from 'pino'
import { describe, expect, test } from 'vitest'
import {
  changeMyPassword,
  deleteClient,
  getMe,
  listMyGrants,
  revokeMyGrant,
  signOutEverywhere,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { openStream } from './support/event-stream.ts'
import {
  allowed,
  authorizationOf,
  password,
  registerClient,
  signedIn,
  type TestClient,
  tokensFor,
} from './support/oauth.ts'
import { type Browser, browserAt } from './support/browser.ts'

const desk = await openTestDesk()
const second = await openTestDesk({ beside: desk })
const { rows } = desk
const client = await registerClient(desk)
const callback = client.record.redirect_uris[0] ?? ''

const basic = ({ record }: TestClient) => ({
  authorization: `Basic ${btoa(`${record.client_id}:${record.client_secret}`)}`,
})

/** The token endpoint without a library between. */
async function token(parameters: Readonly<Record<string, string>>, by = client) {
  const response = await fetch(`${desk.url}/oauth/token`, {
    method: 'POST',
    headers: basic(by),
    body: new URLSearchParams(parameters),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

async function codeFor(browser: Browser, of = client) {
  const { url, verifier } = await authorizationOf(of)
  const back = await allowed(browser, url)
  return { code: back.searchParams.get('code') ?? '', verifier }
}

const trade = ({ code, verifier }: { code: string; verifier: string }, more: Record<string, string> = {}) =>
  token({ grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: callback, ...more })

const refresh = (refresh_token: string | undefined) =>
  token({ grant_type: 'refresh_token', refresh_token: refresh_token ?? '' })

const status = async (secret: string | undefined, at = desk) =>
  (await fetch(`${at.url}/api/v1/customers`, { headers: { authorization: `Bearer ${secret}` } })).status

describe('S13: a browser is sent back only to where the client is registered', () => {
  test.each([
    'https://invoices.example/other',
    'https://invoices.example//callback',
    'https://invoices.example/callback/',
    'https://invoices.example/callback?next=1',
    'https://invoices.example/callback#top',
    'https://invoices.example:8443/callback',
    'https://invoices.example/Callback',
    'https://INVOICES.example/callback',
    'https://invoices.example@evil.example/callback',
    'https://invoices.example\\@evil.example/callback',
    'https://invoices.example/callback/../callback',
    'https://invoices.example/%63allback',
    'https://xn--nvoices-9ya.example/callback',
    'http://invoices.example/callback',
    'javascript:alert(1)',
    'data:text/html,hello',
    '//invoices.example/callback',
    '/callback',
    '',
  ])('not to %s', async (redirect_uri) => {
    const { browser } = await signedIn(desk)
    const { url } = await authorizationOf(client, { redirect_uri })
    const shown = await browser.open(url)
    expect([shown.status, shown.url.host]).toEqual([400, 'desk.test'])
    expect(shown.headers.get('location')).toBeNull()
    expect(shown.text).toContain('This did not work')
    expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  test('nor where a question mark hides the rest of it', async () => {
    const { browser } = await signedIn(desk)
    const { url } = await authorizationOf(client)
    url.searchParams.delete('redirect_uri')
    const shown = await browser.open(
      `${url.pathname}${url.search}&redirect_uri=${callback}?next=//evil.example`,
    )
    expect([shown.status, shown.url.host]).toEqual([400, 'desk.test'])
  })

  test('nor for a client that nobody knows, or with two places', async () => {
    const { browser } = await signedIn(desk)
    const { url } = await authorizationOf(client)
    const unknown = new URL(url)
    unknown.searchParams.set('client_id', 'unknown')
    const twice = new URL(url)
    twice.searchParams.append('redirect_uri', 'https://evil.example/')
    for (const each of [unknown, twice]) {
      const shown = await browser.open(each)
      expect([shown.status, shown.url.host]).toEqual([400, 'desk.test'])
    }
  })

  test('after signing in only to a path of the desk', async () => {
    // The page for signing in is held to that by test/sessions.test.ts; the protocol itself sends nowhere else.
    const { url } = await authorizationOf(client, { next: '//evil.example' })
    const response = await fetch(desk.url + url.pathname + url.search, { redirect: 'manual' })
    expect(response.headers.get('location')).toMatch(/^\/oauth\/interaction\/[\w-]+$/)
  })
})

describe('S14: a code is good once, for whom it was made, with the proof that was announced', () => {
  test.each([
    ['no challenge', { code_challenge: '' }],
    ['the challenge itself', { code_challenge_method: 'plain' }],
    ['a method that nobody knows', { code_challenge_method: 'S512' }],
  ])('authorize with %s is refused', async (_, parameters: Record<string, string>) => {
    const { browser } = await signedIn(desk)
    const { url } = await authorizationOf(client)
    for (const [name, value] of Object.entries(parameters)) {
      if (value === '') url.searchParams.delete(name)
      else url.searchParams.set(name, value)
    }
    const shown = await browser.open(url)
    expect(shown.url.searchParams.get('error')).toBe('invalid_request')
    expect(shown.url.searchParams.has('code')).toBe(false)
  })

  test('without any sign of PKCE, too, however the client proves itself', async () => {
    const { browser } = await signedIn(desk)
    const { url } = await authorizationOf(client)
    url.searchParams.delete('code_challenge')
    url.searchParams.delete('code_challenge_method')
    expect((await browser.open(url)).url.searchParams.get('error')).toBe('invalid_request')
  })

  test.each(['token', 'id_token', 'code id_token', 'none'])('response type %s is refused', async (type) => {
    const { browser } = await signedIn(desk)
    const { url } = await authorizationOf(client, { response_type: type, nonce: 'n' })
    const shown = await browser.open(url)
    expect(shown.url.href + shown.text).toMatch(
      /error=(?:unsupported_response_type|invalid_request)|This did not work/,
    )
    expect(shown.url.href).not.toMatch(/access_token|id_token=/)
  })

  test.each(['form_post', 'fragment'])('response mode %s is refused', async (mode) => {
    const { browser } = await signedIn(desk)
    // Allowed already, so that the answer comes at once.
    await tokensFor(client, browser)
    const shown = await browser.open((await authorizationOf(client, { response_mode: mode })).url)
    expect(shown.url.href + shown.text).toMatch(/error=|unsupported_response_mode|invalid_request/)
    expect(shown.url.href).not.toContain('code=')
    expect(shown.text).not.toContain('name="code"')
  })

  test('a wrong verifier, none, or one where another code’s was meant', async () => {
    const { browser } = await signedIn(desk)
    const one = await codeFor(browser)
    const other = await codeFor(browser)
    for (const verifier of [openid.randomPKCECodeVerifier(), other.verifier, ''])
      expect((await trade({ ...one, verifier })).body['error']).toMatch(/^invalid_(grant|request)$/)
    expect((await trade({ ...one, verifier: one.verifier.slice(0, -1) })).status).toBe(400)
    // The control: none of that has used it up.
    expect((await trade(one)).status).toBe(200)
  })

  test('the code of another client, another place, or no proof of the client', async () => {
    const { browser } = await signedIn(desk)
    const other = await registerClient(desk)
    const got = await codeFor(browser)
    const parameters = {
      grant_type: 'authorization_code',
      code: got.code,
      code_verifier: got.verifier,
      redirect_uri: callback,
    }
    expect((await token(parameters, other)).body['error']).toBe('invalid_grant')
    expect((await trade(got, { redirect_uri: 'https://invoices.example/' })).body['error']).toBe(
      'invalid_grant',
    )
    const unproved = await fetch(`${desk.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ ...parameters, client_id: client.record.client_id }),
    })
    expect([unproved.status, ((await unproved.json()) as { error: string }).error]).toEqual([
      401,
      'invalid_client',
    ])
    const wrong = {
      ...client,
      record: { ...client.record, client_secret: `${client.record.client_secret}x` },
    }
    expect((await token(parameters, wrong)).status).toBe(401)
    expect((await trade(got)).status).toBe(200)
  })

  test('a second use of a code ends what the first one gave', async () => {
    const { browser } = await signedIn(desk)
    const got = await codeFor(browser)
    const first = await trade(got)
    expect(await status(first.body['access_token'])).toBe(200)
    expect((await trade(got)).body['error']).toBe('invalid_grant')
    await expect.poll(() => status(first.body['access_token'])).toBe(401)
    await expect.poll(() => status(first.body['access_token'], second)).toBe(401)
    expect((await refresh(first.body['refresh_token'])).body['error']).toBe('invalid_grant')
  })

  test('of many uses of a code at once at most one gets tokens, and none keeps them', async () => {
    const { browser } = await signedIn(desk)
    const got = await codeFor(browser)
    const answers = await Promise.all(Array.from({ length: 12 }, () => trade(got)))
    const given = answers.filter((answer) => answer.status === 200)
    expect(given.length).toBeLessThanOrEqual(1)
    for (const { body } of given) {
      await expect.poll(() => status(body['access_token'])).toBe(401)
      expect((await refresh(body['refresh_token'])).status).toBe(400)
    }
  })

  test('a code is good for a minute', async () => {
    const { browser } = await signedIn(desk)
    const got = await codeFor(browser)
    const [row] = await rows<{ seconds: number }>(
      `select extract(epoch from expires_at - created_at)::int as seconds from oauth_tokens where kind = 'AuthorizationCode' order by id desc limit 1`,
    )
    expect(row?.seconds).toBe(60)
    await rows(
      `update oauth_tokens set expires_at = now() - interval '1 second' where kind = 'AuthorizationCode' and consumed_at is null`,
    )
    expect((await trade(got)).body['error']).toBe('invalid_grant')
  })
})

describe('S15, I27: a refresh token is good once, and its family has at most one', () => {
  const live = async (user: number) =>
    (
      await rows<{ count: number }>(
        `select count(*)::int as count from oauth_tokens join oauth_grants on oauth_grants.id = grant_id
         where kind = 'RefreshToken' and oauth_grants.user_id = $1 and consumed_at is null and oauth_tokens.revoked_at is null
           and oauth_grants.revoked_at is null`,
        [user],
      )
    )[0]?.count

  test('R1 gives R2, and R1 again ends both', async () => {
    const { user, browser } = await signedIn(desk)
    const first = await tokensFor(client, browser)
    const next = await refresh(first.refresh_token)
    expect(next.status).toBe(200)
    expect(next.body['refresh_token']).not.toBe(first.refresh_token)
    expect(await status(next.body['access_token'])).toBe(200)
    expect(await live(user.id)).toBe(1)

    expect((await refresh(first.refresh_token)).body['error']).toBe('invalid_grant')
    expect(await live(user.id)).toBe(0)
    await expect.poll(() => status(next.body['access_token'])).toBe(401)
    expect((await refresh(next.body['refresh_token'])).body['error']).toBe('invalid_grant')
  })

  test('of uses of R1 at once, on two instances, never two live branches come', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { user, browser } = await signedIn(desk)
      const first = await tokensFor(client, browser)
      const at = (where: typeof desk) =>
        fetch(`${where.url}/oauth/token`, {
          method: 'POST',
          headers: basic(client),
          body: new URLSearchParams({
            grant_type: 'refresh_token',
            refresh_token: first.refresh_token ?? '',
          }),
        })
      const answers = await Promise.all([at(desk), at(second), at(desk), at(second)])
      expect(answers.filter(({ ok }) => ok).length).toBeLessThanOrEqual(1)
      expect(answers.every(({ status }) => status === 200 || status === 400)).toBe(true)
      expect(await live(user.id)).toBe(0)
    }
  })

  test('R2 after it was revoked, and all with it', async () => {
    const { browser } = await signedIn(desk)
    const first = await tokensFor(client, browser)
    const next = await refresh(first.refresh_token)
    await openid.tokenRevocation(client.configuration, next.body['refresh_token'] ?? '')
    expect((await refresh(next.body['refresh_token'])).body['error']).toBe('invalid_grant')
    for (const secret of [first.access_token, next.body['access_token']])
      await expect.poll(() => status(secret)).toBe(401)
  })

  test('a revoked access token ends at once; nobody revokes another’s', async () => {
    const { browser } = await signedIn(desk)
    const other = await registerClient(desk)
    const { access_token } = await tokensFor(client, browser)
    await expect(openid.tokenRevocation(other.configuration, access_token)).rejects.toMatchObject({
      error: 'invalid_request',
    })
    expect(await status(access_token)).toBe(200)
    await openid.tokenRevocation(client.configuration, access_token)
    await expect.poll(() => status(access_token)).toBe(401)
    await expect.poll(() => status(access_token, second)).toBe(401)
    // What nobody knows is revoked, too (RFC 7009, section 2.2).
    await openid.tokenRevocation(client.configuration, 'fda_unknown')
  })

  test('a token that a client has by its own secret ends by itself, and that is written down once', async () => {
    const own = await registerClient(desk, { grant_types: ['client_credentials'], redirect_uris: [] })
    const { access_token } = await openid.clientCredentialsGrant(own.configuration)
    expect(await status(access_token)).toBe(200)
    await openid.tokenRevocation(own.configuration, access_token)
    await openid.tokenRevocation(own.configuration, access_token)
    await expect.poll(() => status(access_token)).toBe(401)
    const events = await desk.rows<{ before: object; after: object }>(
      `select before, after from audit_events where action = 'access_token.revoked'
       and (after ->> 'client_id')::bigint = $1`,
      [own.record.id],
    )
    expect(events).toMatchObject([
      { before: { revoked_at: null }, after: { revoked_at: expect.any(String) } },
    ])
    expect(Object.keys(events[0]?.after ?? {})).not.toContain('sealed')
  })

  test('another client’s refresh token, and more scopes than were allowed', async () => {
    const { browser } = await signedIn(desk)
    const other = await registerClient(desk)
    const { refresh_token = '' } = await tokensFor(client, browser)
    const parameters = { grant_type: 'refresh_token', refresh_token }
    expect((await token(parameters, other)).body['error']).toBe('invalid_grant')
    expect((await token({ ...parameters, scope: 'customers:read events:read' })).body['error']).toBe(
      'invalid_scope',
    )
    const less = await token({ ...parameters, scope: 'customers:read' })
    expect(less.body['scope']).toBe('customers:read')
  })

  test('unused for seven days it ends; used, with its grant after fourteen', async () => {
    const { browser } = await signedIn(desk)
    const { refresh_token } = await tokensFor(client, browser)
    const [row] = await rows<{ idle: number; whole: number; grant_id: number }>(
      `select extract(epoch from oauth_tokens.expires_at - oauth_tokens.created_at)::int as idle,
         extract(epoch from oauth_grants.expires_at - oauth_grants.created_at)::int as whole, grant_id
       from oauth_tokens join oauth_grants on oauth_grants.id = grant_id where kind = 'RefreshToken' order by oauth_tokens.id desc limit 1`,
    )
    expect([row?.idle, row?.whole]).toEqual([7 * 86_400, 14 * 86_400])
    await rows(`update oauth_grants set expires_at = now() - interval '1 second' where id = $1`, [
      row?.grant_id,
    ])
    expect((await refresh(refresh_token)).body['error']).toBe('invalid_grant')
  })
})

describe('S07, I24: what ends a user’s access ends what they allowed, on every instance, within a second', () => {
  const ways: Readonly<Record<string, (user: { id: number; token: string }) => Promise<unknown>>> = {
    'the user is disabled': ({ id }) => rows('update users set disabled_at = now() where id = $1', [id]),
    'the password changes': (user) =>
      desk.as(user)(changeMyPassword, {
        body: { current_password: password, new_password: 'and-stay-warm-all-winter' },
      }),
    'they sign out everywhere': (user) => desk.as(user)(signOutEverywhere, {}),
    'they take it back': async (user) => {
      const [grant] = (await desk.as(user)(listMyGrants, {})).body.results
      return desk.as(user)(revokeMyGrant, { params: { id: grant?.id ?? 0 } })
    },
  }

  test.each(Object.entries(ways))('%s', async (_, end) => {
    const { user, browser } = await signedIn(desk)
    const tokens = await tokensFor(client, browser, { scope: 'account:read customers:read events:read' })
    const as = { token: tokens.access_token }
    for (const at of [desk, second]) expect((await at.as(as)(getMe, {})).status).toBe(200)
    const stream = await openStream(second.url, as)
    await end(user)
    const began = performance.now()
    await expect.poll(() => stream.isOpen, { timeout: 1_000, interval: 20 }).toBe(false)
    for (const at of [desk, second])
      await expect.poll(async () => (await at.as(as)(getMe, {})).status, { timeout: 1_000 }).toBe(401)
    expect(performance.now() - began).toBeLessThan(1_000)
    expect((await refresh(tokens.refresh_token)).body['error']).toBe('invalid_grant')
  })

  test('the client is deleted', async () => {
    const gone = await registerClient(desk, {
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    })
    const { browser } = await signedIn(desk)
    const tokens = await tokensFor(gone, browser)
    const own = await openid.clientCredentialsGrant(gone.configuration, { scope: 'customers:read' })
    for (const { access_token } of [tokens, own]) expect(await status(access_token, second)).toBe(200)
    const admin = await desk.given.admin()
    await desk.as(admin)(deleteClient, { params: { id: gone.record.id } })
    for (const { access_token } of [tokens, own])
      await expect.poll(() => status(access_token, second), { timeout: 1_000 }).toBe(401)
    expect((await token({ grant_type: 'client_credentials' }, gone)).status).toBe(401)
    expect((await browser.open((await authorizationOf(gone)).url)).status).toBe(400)
  })

  test('the client may do less: what it listens to ends', async () => {
    const less = await registerClient(desk)
    const { browser } = await signedIn(desk)
    const { access_token } = await tokensFor(less, browser, { scope: 'customers:read events:read' })
    const stream = await openStream(second.url, { token: access_token })
    expect(stream.status).toBe(200)
    await rows(`update oauth_clients set scopes = '{events:read}' where id = $1`, [less.record.id])
    await expect.poll(() => stream.isOpen, { timeout: 2_000 }).toBe(false)
  })

  test('a grant is its user’s alone', async () => {
    const { user, browser } = await signedIn(desk)
    await tokensFor(client, browser)
    const [grant] = (await desk.as(user)(listMyGrants, {})).body.results
    expect(grant).toMatchObject({ client_name: 'Invoices', scopes: ['openid', 'profile', 'customers:read'] })
    const other = await desk.given.admin()
    expect((await desk.as(other)(listMyGrants, {})).body.results).toEqual([])
    const params = { id: grant?.id ?? 0 }
    expect((await desk.as(other)(revokeMyGrant, { params })).status).toBe(404)
    expect((await desk.as(user)(revokeMyGrant, { params })).status).toBe(204)
    expect((await desk.as(user)(revokeMyGrant, { params })).status).toBe(404)
  })
})

test('S26, I26: of codes, tokens and secrets the database has hashes, and what is sealed', async () => {
  const { browser } = await signedIn(desk)
  const got = await codeFor(browser)
  const { body } = await trade(got)
  const device = await openid.initiateDeviceAuthorization(
    (
      await registerClient(desk, {
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
        redirect_uris: [],
      })
    ).configuration,
    { scope: 'customers:read' },
  )
  const secrets = [
    got.code,
    body['access_token'],
    body['refresh_token'],
    client.record.client_secret,
    device.device_code,
    device.user_code,
    device.user_code.replace('-', ''),
    ...[...browser.cookies.values()].map(({ value }) => value),
  ].map(String)
  expect(secrets.every((secret) => secret.length >= 8)).toBe(true)
  const tables = await rows<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE'`,
  )
  for (const { name } of tables) {
    const kept = JSON.stringify(await rows(`select to_jsonb(t) as row from ${name} as t`))
    for (const secret of secrets) {
      expect(kept.includes(secret), `${secret} in ${name}`).toBe(false)
      expect(kept.includes(Buffer.from(secret).toString('hex')), `${secret} in ${name}`).toBe(false)
    }
  }
})

test('S26: the private half of a signing key is nowhere in the clear', async () => {
  const [key] = await rows<{ sealed: Buffer }>('select sealed from oauth_signing_keys')
  expect(key?.sealed.toString('latin1')).not.toMatch(/"[dpq]":|RSA/)
})

test('S26: no code, token, secret or cookie is in the logs, nor in the audit log, nor in an error', async () => {
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const talkative = await openTestDesk({ beside: desk, log, oauthPasswordGrant: true })
  const user = await desk.given.user({ role: 'operator', password })
  const browser = browserAt(talkative)
  await browser.signIn(user, password)
  const { url, verifier } = await authorizationOf(client)
  const page = await browser.open(url)
  const cookies = [...browser.cookies.values()].map(({ value }) => value)
  const code = (await browser.submit(page, { choice: 'allow' })).url.searchParams.get('code') ?? ''
  const at = async (path: string, parameters: Record<string, string>) => {
    const response = await fetch(talkative.url + path, {
      method: 'POST',
      headers: basic(client),
      body: new URLSearchParams(parameters),
    })
    return response.text()
  }
  const parameters = {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: callback,
  }
  const tokens = JSON.parse(await at('/oauth/token', parameters)) as Record<string, string>
  const secrets = [
    ...cookies,
    code,
    verifier,
    tokens['access_token'],
    tokens['refresh_token'],
    tokens['id_token'],
    client.record.client_secret,
    password,
  ].map(String)
  expect(secrets.every((secret) => secret.length > 15)).toBe(true)

  // What goes wrong tells no more.
  const refusals = [
    await at('/oauth/token', parameters),
    await at('/oauth/token', { grant_type: 'refresh_token', refresh_token: tokens['refresh_token'] ?? '' }),
    await at('/oauth/introspect', { token: tokens['access_token'] ?? '' }),
    await at('/oauth/token', { grant_type: 'password', username: user.username, password }),
  ]
  await fetch(`${talkative.url}/api/v1/customers`, {
    headers: { authorization: `Bearer ${tokens['access_token']}` },
  })
  const told = [...lines, ...refusals, JSON.stringify(await rows('select * from audit_events'))].join('\n')
  expect(lines.length).toBeGreaterThan(8)
  for (const secret of secrets) expect(told.includes(secret), secret).toBe(false)
})
