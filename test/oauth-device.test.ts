// Devices without a browser (RFC 8628): a person allows one by the code that it shows.
import * as openid from 'openid-client'
import { expect, test } from 'vitest'
import { listCustomers } from '../contract/index.ts'
import { browserAt } from './support/browser.ts'
import { openTestDesk } from './support/desk.ts'
import { password, registerClient, signedIn } from './support/oauth.ts'

const desk = await openTestDesk()
const client = await registerClient(desk, {
  name: 'Till',
  grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  redirect_uris: [],
})

const begin = () => openid.initiateDeviceAuthorization(client.configuration, { scope: 'customers:read' })

const ask = async (device: openid.DeviceAuthorizationResponse) => {
  const response = await fetch(`${desk.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client.record.client_id}:${client.record.client_secret}`)}` },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: device.device_code,
    }),
  })
  return (await response.json()) as Record<string, string>
}

test('a person types the code, sees what is asked, and allows it', async () => {
  const device = await begin()
  expect(device).toMatchObject({ verification_uri: 'http://desk.test/oauth/device', expires_in: 600 })
  expect(device.user_code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/)
  expect((await ask(device)).error).toBe('authorization_pending')

  const { user, browser } = await signedIn(desk)
  const page = await browser.open(device.verification_uri)
  expect(page.text).not.toContain('<script')
  // However they spell it.
  const confirm = await browser.submit(page, { user_code: device.user_code.toLowerCase().replace('-', ' ') })
  expect(confirm.text).toContain(device.user_code)
  expect(confirm.text).toContain('Connect Till?')
  const consent = await browser.submit(confirm, { confirm: 'yes' })
  expect(consent.text).toContain('<strong>Till</strong> asks to act for <strong>Test User</strong>')
  expect((await ask(device)).error).toBe('authorization_pending')
  const done = await browser.submit(consent, { choice: 'allow' })
  expect(done.text).toContain('You can close this page')

  const tokens = await openid.pollDeviceAuthorizationGrant(client.configuration, {
    ...device,
    interval: 0.01,
  })
  expect((await desk.as({ token: tokens.access_token })(listCustomers, {})).status).toBe(200)
  expect((await openid.tokenIntrospection(client.configuration, tokens.access_token)).sub).toBe(`${user.id}`)
  expect(tokens.refresh_token).toMatch(/^fdr_/)
  // The code is used up, and a second use ends what came of the first.
  expect((await ask(device)).error).toBe('invalid_grant')
  await expect
    .poll(async () => (await desk.as({ token: tokens.access_token })(listCustomers, {})).status)
    .toBe(401)
})

test('the link with the code in it fills the field, and asks all the same', async () => {
  const device = await begin()
  const { browser } = await signedIn(desk)
  const page = await browser.open(device.verification_uri_complete ?? '')
  expect(page.text).toContain(`value="${device.user_code}"`)
  const hostile = await browser.open('/oauth/device?user_code=%22%3E%3Cscript%3Ealert(1)%3C/script%3E')
  expect(hostile.text).not.toContain('<script>')
})

test('who is not signed in signs in on the way', async () => {
  const device = await begin()
  const user = await desk.given.user({ role: 'operator', password })
  const browser = browserAt(desk)
  const confirm = await browser.submit(await browser.open('/oauth/device'), { user_code: device.user_code })
  const signIn = await browser.submit(confirm, { confirm: 'yes' })
  expect(signIn.url.pathname).toBe('/sign-in')
  await browser.signIn(user, password)
  const consent = await browser.open(signIn.url.searchParams.get('return_to') ?? '')
  const done = await browser.submit(consent, { choice: 'allow' })
  expect(done.text).toContain('You can close this page')
  expect((await ask(device)).access_token).toMatch(/^fda_/)
})

test.each([
  ['stopped at the code', { abort: 'yes' }, undefined],
  ['denied', { confirm: 'yes' }, { choice: 'deny' }],
])('what a person has %s, the device does not get', async (_, first, then) => {
  const device = await begin()
  const { browser } = await signedIn(desk)
  const confirm = await browser.submit(await browser.open('/oauth/device'), { user_code: device.user_code })
  const next = await browser.submit(confirm, first)
  const last = then ? await browser.submit(next, then) : next
  expect(last.text).toContain('gets no access')
  expect((await ask(device)).error).toBe('access_denied')
})

test('a code that is not there, was used, or is too old is told so', async () => {
  const { browser } = await signedIn(desk)
  const tried = async (user_code: string) =>
    (await browser.submit(await browser.open('/oauth/device'), { user_code })).text
  expect(await tried('BBBB-BBBB')).toContain('no such code')
  expect(await tried('')).toContain('Type the code')
  const device = await begin()
  await desk.rows(
    `update oauth_tokens set expires_at = now() - interval '1 second' where kind = 'DeviceCode' and user_id is null`,
  )
  expect(await tried(device.user_code)).toContain('has expired')
  expect((await ask(device)).error).toBe('expired_token')
})

test('the form counts only with the secret of its page', async () => {
  const device = await begin()
  const { browser } = await signedIn(desk)
  const page = await browser.open('/oauth/device')
  const forged = { ...page, text: page.text.replace(/name="xsrf" value="[^"]*"/, 'name="xsrf" value="x"') }
  const answered = await browser.submit(forged, { user_code: device.user_code, confirm: 'yes' })
  expect(answered.text).not.toContain('asks to act for')
  expect((await ask(device)).error).toBe('authorization_pending')
})

test('a device asks in its own name, and not in another’s', async () => {
  const other = await registerClient(desk)
  await expect(openid.initiateDeviceAuthorization(other.configuration, {})).rejects.toMatchObject({
    error: 'invalid_request',
  })
})

test('a device asks each time, since the next one could be somebody else’s', async () => {
  const { browser } = await signedIn(desk)
  for (const round of [1, 2]) {
    const device = await begin()
    const confirm = await browser.submit(await browser.open('/oauth/device'), { user_code: device.user_code })
    const consent = await browser.submit(confirm, { confirm: 'yes' })
    expect(consent.text, `round ${round}`).toContain('asks to act for')
    expect((await browser.submit(consent, { choice: 'allow' })).text).toContain('You can close this page')
  }
})
