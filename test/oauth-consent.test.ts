// What the page for consent shows is what is granted: never what the person's role cannot use.
import * as openid from 'openid-client'
import { beforeEach, describe, expect, test } from 'vitest'
import { listMyGrants, scopes, signInScopes } from '../contract/index.ts'
import type { Browser } from './support/browser.ts'
import { openTestDesk } from './support/desk.ts'
import type { TestUser } from './support/given.ts'
import { authorizationOf, registerClient, signedIn, type TestClient, tokensFor } from './support/oauth.ts'

const desk = await openTestDesk()
const scope = 'openid account:read users:write'

let client: TestClient
beforeEach(async () => {
  client = await registerClient(desk, { scopes: ['account:read', 'users:write'] })
})

/** What the page says of what is asked for. */
const shown = (page: string) => [...page.matchAll(/<li>(.*)<\/li>/g)].map(([, words]) => words)

const granted = async (user: TestUser) =>
  (await desk.as(user)(listMyGrants, {})).body.results.map((grant) => grant.scopes)

const consentFor = async (browser: Browser) => browser.open((await authorizationOf(client, { scope })).url)

const becomes = (user: TestUser, role: string) =>
  desk.rows('update users set role = $2 where id = $1', [user.id, role])

const all = [signInScopes.openid, scopes['account:read'], scopes['users:write']]
const some = all.slice(0, 2)

test('an admin is asked for all that the client asks for, and grants it', async () => {
  const { user, browser } = await signedIn(desk, { role: 'admin' })
  expect(shown((await consentFor(browser)).text)).toEqual(all)
  expect((await tokensFor(client, browser, { scope })).scope).toBe(scope)
  expect(await granted(user)).toEqual([scope.split(' ')])
})

test.each(['customer', 'operator'] as const)(
  'a role of %s is neither asked for what it can never use nor grants it',
  async (role) => {
    const { user, browser } = await signedIn(desk, { role })
    expect(shown((await consentFor(browser)).text)).toEqual(some)
    const tokens = await tokensFor(client, browser, { scope })
    expect(tokens.scope).toBe('openid account:read')
    expect(await granted(user)).toEqual([['openid', 'account:read']])
    const told = await openid.tokenIntrospection(client.configuration, tokens.access_token)
    expect(told.scope).toBe('openid account:read')

    // Nor is it missed the next time.
    expect((await consentFor(browser)).url.searchParams.has('code')).toBe(true)
    expect(await granted(user)).toEqual([
      ['openid', 'account:read'],
      ['openid', 'account:read'],
    ])
  },
)

test.each([
  ['they cannot use', { scope: 'users:write' }],
  ['nobody knows', { scope: 'customers:eat', prompt: 'consent' }],
])('who is asked only for what %s is not asked: the client is told', async (_, parameters) => {
  const { user, browser } = await signedIn(desk, { role: 'customer' })
  const { url } = await browser.open((await authorizationOf(client, parameters)).url)
  expect([url.origin, url.searchParams.get('error'), url.searchParams.get('error_description')]).toEqual([
    'https://invoices.example',
    'access_denied',
    'no scope was asked for that the user could allow',
  ])
  expect(await granted(user)).toEqual([])
})

describe('who has another role', () => {
  test.each([
    ['more', 'customer', 'admin', all],
    ['less', 'admin', 'customer', some],
  ] as const)('and may %s when they answer is shown that first', async (_, before, after, words) => {
    const { user, browser } = await signedIn(desk, { role: before })
    const page = await consentFor(browser)
    await becomes(user, after)
    const again = await browser.submit(page, { choice: 'allow' })
    expect([again.status, shown(again.text)]).toEqual([200, words])
    expect(await granted(user)).toEqual([])
    const back = await browser.submit(again, { choice: 'allow' })
    expect(back.url.searchParams.has('code')).toBe(true)
    expect(await granted(user)).toEqual([words === all ? scope.split(' ') : ['openid', 'account:read']])
  })

  test('later is asked for what was not shown then', async () => {
    const { user, browser } = await signedIn(desk, { role: 'customer' })
    await tokensFor(client, browser, { scope })
    await becomes(user, 'admin')
    expect(shown((await consentFor(browser)).text)).toEqual(all)
  })
})

test('what the form names is not granted unless the page has shown it', async () => {
  const { user, browser } = await signedIn(desk, { role: 'customer' })
  const page = await consentFor(browser)
  const forged = { ...page, text: page.text.replace('value="openid account:read"', `value="${scope}"`) }
  expect(forged.text).not.toBe(page.text)
  expect(shown((await browser.submit(forged, { choice: 'allow' })).text)).toEqual(some)
  expect(await granted(user)).toEqual([])
})

test('a device gets no more, either', async () => {
  client = await registerClient(desk, {
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
    redirect_uris: [],
    scopes: ['account:read', 'users:write'],
  })
  const { browser } = await signedIn(desk, { role: 'customer' })
  const connect = async (asked: string) => {
    const device = await openid.initiateDeviceAuthorization(client.configuration, { scope: asked })
    const page = await browser.open(device.verification_uri)
    const confirm = await browser.submit(page, { user_code: device.user_code })
    return { device, page: await browser.submit(confirm, { confirm: 'yes' }) }
  }
  const { device, page } = await connect('account:read users:write')
  expect(shown(page.text)).toEqual([scopes['account:read']])
  expect((await browser.submit(page, { choice: 'allow' })).text).toContain('You can close this page')
  const poll = (asked: openid.DeviceAuthorizationResponse) =>
    openid.pollDeviceAuthorizationGrant(client.configuration, { ...asked, interval: 0.01 })
  expect((await poll(device)).scope).toBe('account:read')

  const nothing = await connect('users:write')
  expect(nothing.page.text).not.toContain('asks to act for')
  await expect(poll(nothing.device)).rejects.toMatchObject({ error: 'access_denied' })
})
