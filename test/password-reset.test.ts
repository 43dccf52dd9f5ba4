// Forgotten passwords: the same answer for everybody, and a link that works once.
import { request as open } from 'node:http'
import { expect, test } from 'vitest'
import {
  acceptInvitation,
  createToken,
  disableUser,
  enableUser,
  forgotPassword,
  getMe,
  resetPassword,
  updateUser,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { secretIn } from './support/kept-mails.ts'
import { signInBrowser } from './support/browser.ts'
import { sentDuring } from './support/query-plans.ts'
import { sendTo } from './support/send.ts'

const desk = await openTestDesk()
const { anonymous, as, given, rows, mails } = desk
const password = 'keep-yourself-warm'
const next = 'and-stay-warm-all-winter'
const admin = await given.user({ role: 'admin', username: 'the-admin', password })

let serial = 0
async function newUser() {
  const user = await given.user({ role: 'operator', password })
  const email = `Forgetful-${(serial += 1)}@shop.example`
  await as(admin)(updateUser, { params: { id: user.id }, body: { email } })
  return { ...user, email }
}
const forgot = (email: string) => anonymous(forgotPassword, { body: { email } })
const reset = (token: string, secret = next) =>
  anonymous(resetPassword, { body: { token, password: secret } })
const signIn = (username: string, secret: string) =>
  anonymous(createToken, { body: { username, password: secret } })
const linkDoesNotWork = { status: 400, type: 'urn:frontdesk:problem:link_does_not_work' }

async function mailedToken(email: string) {
  expect((await forgot(email)).status).toBe(202)
  const [mail, ...more] = await mails()
  expect(more).toEqual([])
  expect(mail?.to.toLowerCase()).toBe(email.toLowerCase())
  return secretIn(mail)
}

test('a mailed link sets a new password, once, and ends all that let the user in before; they are told', async () => {
  const user = await newUser()
  const browser = await signInBrowser(desk, { username: user.username, password })
  const token = await mailedToken(user.email.toUpperCase())
  expect((await as(user)(getMe, {})).status, 'asking changes nothing').toBe(200)

  expect((await reset(token)).status).toBe(204)
  for (const call of [as(user), browser.call])
    await expect.poll(async () => (await call(getMe, {})).status, { timeout: 1_000 }).toBe(401)
  expect((await signIn(user.username, password)).status).toBe(401)
  expect((await signIn(user.username, next)).status).toBe(200)
  const [notice, ...more] = await mails()
  expect([notice?.to, notice?.subject, more]).toEqual([
    user.email,
    'Your password for Frontdesk was changed',
    [],
  ])
  expect(notice?.text).not.toContain('#')
  expect((await reset(token)).problem).toMatchObject(linkDoesNotWork)

  const events = await rows(
    `select action, actor_id from audit_events where actor_id = $1 and request_id = (
       select request_id from audit_events where action = 'user.password_reset' and record_id = $1) order by action`,
    [user.id],
  )
  expect(events.map(({ action }) => action)).toEqual([
    'session.ended',
    'token.revoked',
    'user.password_reset',
  ])
  expect(
    (await rows(`select email_verified_at is not null as yes from users where id = $1`, [user.id]))[0],
  ).toEqual({ yes: true })
  expect(JSON.stringify(await rows('select * from audit_events, one_time_tokens'))).not.toContain(
    token.slice(4),
  )
})

test('the link works for half an hour, and its secret is kept only as a hash', async () => {
  const user = await newUser()
  await mailedToken(user.email)
  const kept = await rows(
    `select purpose, octet_length(secret_hash) as bytes, expires_at - created_at = '30 minutes' as for_30_minutes
     from one_time_tokens where user_id = $1`,
    [user.id],
  )
  expect(kept).toEqual([{ purpose: 'password_reset', bytes: 32, for_30_minutes: true }])
})

test('S09 of fifty who use one link at once, one succeeds; everything else is one and the same 400', async () => {
  const user = await newUser()
  const token = await mailedToken(user.email)
  const replies = await Promise.all(Array.from({ length: 50 }, (_, n) => reset(token, `${next}-${n}`)))
  expect(replies.map((reply) => reply.status).sort()).toEqual([204, ...Array.from({ length: 49 }, () => 400)])
  await mails()

  const expired = await mailedToken(user.email)
  await rows(
    `update one_time_tokens set expires_at = now() - interval '1 second' where used_at is null and user_id = $1`,
    [user.id],
  )
  const other = await newUser()
  const replaced = await mailedToken(other.email)
  const working = await mailedToken(other.email)
  const moved = await newUser()
  const atOldAddress = await mailedToken(moved.email)
  await as(admin)(updateUser, { params: { id: moved.id }, body: { email: 'moved@shop.example' } })
  expect(
    (await mails()).map(({ to }) => to),
    'the old address is told',
  ).toEqual([moved.email])
  const disabled = await newUser()
  const ofDisabled = await mailedToken(disabled.email)
  await as(admin)(disableUser, { params: { id: disabled.id } })
  const back = await newUser()
  const fromBefore = await mailedToken(back.email)
  await as(admin)(disableUser, { params: { id: back.id } })
  await as(admin)(enableUser, { params: { id: back.id } })
  // As if the address had changed while the mail was on its way.
  const misled = await newUser()
  const elsewhere = await mailedToken(misled.email)
  await rows(`update one_time_tokens set email = 'elsewhere@shop.example' where user_id = $1`, [misled.id])
  const bad = [
    token,
    expired,
    replaced,
    atOldAddress,
    ofDisabled,
    fromBefore,
    elsewhere,
    '',
    ' ',
    'fdm_',
    `${working}x`,
    working.slice(1),
    working.toUpperCase(),
  ]
  const shown = new Set<string>()
  for (const tried of bad) {
    const {
      status,
      problem: { request_id: _, ...rest },
      headers,
    } = await reset(tried)
    expect(status, tried).toBe(400)
    shown.add(JSON.stringify([rest, headers.get('content-length')]))
  }
  expect(shown.size).toBe(1)
  for (const tried of [null, [], {}, 0, true, [working], 'x'.repeat(201)])
    expect((await reset(tried as string)).status, JSON.stringify(tried)).toBe(422)
  const posted = await sendTo(desk.url, { method: 'POST', path: '/api/v1/password/reset' })
  expect([400, 415, 422]).toContain(posted.status)
  // It is for one purpose.
  expect(
    (await anonymous(acceptInvitation, { body: { token: working, password: next } })).problem,
  ).toMatchObject(linkDoesNotWork)
  expect((await reset(working)).status).toBe(204)
  await mails()
})

test('S09 a success ends every other link of the user', async () => {
  const user = await newUser()
  const token = await mailedToken(user.email)
  await rows(
    `insert into one_time_tokens (purpose, user_id, email, secret_hash, expires_at)
     values ('email_change', $1, 'other@shop.example', sha256('another'), now() + interval '1 hour')`,
    [user.id],
  )
  expect((await reset(token)).status).toBe(204)
  expect(
    await rows('select purpose from one_time_tokens where user_id = $1 and used_at is null', [user.id]),
  ).toEqual([])
  await mails()
})

test('a password that is refused does not use the link up; a page that is opened does not, either', async () => {
  const user = await newUser()
  const token = await mailedToken(user.email)
  for (const weak of ['short', 'password123', user.username])
    expect((await reset(token, weak)).problem).toMatchObject({
      status: 422,
      errors: [{ pointer: '/password' }],
    })
  for (const method of ['GET', 'HEAD'])
    expect((await sendTo(desk.url, { method, path: `/reset-password?token=${token}` })).status).toBe(200)
  expect((await reset(token)).status).toBe(204)
  await mails()
})

test('S32 known, unknown, disabled, invited: the same answer, by the same statements, and a mail only to whom it concerns', async () => {
  const known = await newUser()
  const disabled = await newUser()
  await as(admin)(disableUser, { params: { id: disabled.id } })
  const noLogin = await newUser()
  await rows(`update users set password_hash = null where id = $1`, [noLogin.id])
  const seen = new Set<string>()
  for (const email of [known.email, 'unknown-@shop.example', disabled.email, noLogin.email]) {
    const sent = await sentDuring(async () => {
      const { status, body, headers } = await forgot(email)
      const told = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
      seen.add(JSON.stringify({ status, body, told }))
    })
    seen.add(JSON.stringify(sent.map(({ text }) => text)))
  }
  expect(seen.size, [...seen].join('\n')).toBe(2)
  expect((await mails()).map((mail) => mail.to)).toEqual([known.email])
})

test('S08 the link leads to PUBLIC_URL, whatever a request says of hosts', async () => {
  const user = await newUser()
  const body = JSON.stringify({ email: user.email })
  const hostile = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'gopher',
    forwarded: 'host=evil.example;proto=https',
    'x-original-host': 'evil.example',
    origin: 'https://evil.example',
    referer: 'https://evil.example/',
  }
  const asked = async (path: string, headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { hostname, port } = new URL(desk.url)
      const request = open({
        hostname,
        port,
        path,
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
      })
      request.on('response', (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('error', reject)
      request.end(body)
    })
  const path = '/api/v1/password/forgot'
  const statuses = [
    await asked(path, hostile),
    await asked(path, { host: 'evil.example' }),
    await asked(path, { ...hostile, host: 'evil.example:443' }),
    await asked(`http://evil.example${path}`, { host: 'evil.example' }),
  ]
  const sent = await mails()
  expect(sent.length).toBe(statuses.filter((status) => status === 202).length)
  expect(sent.length).toBeGreaterThan(2)
  for (const { text } of sent) {
    expect(text.match(/https?:\/\/[^/\s]+/g)).toEqual(['http://desk.test'])
    expect(text).not.toContain('evil')
  }
  const extra = { email: user.email, reset_url: 'https://evil.example/' }
  expect((await anonymous(forgotPassword, { body: extra })).status).toBe(422)
})

test('three mails an hour may be asked for an address, known or not, on all instances together; then a right one counts no more', async () => {
  const limited = await openTestDesk({ beside: desk, rateLimit: true })
  const user = await newUser()
  for (const email of [user.email, 'nobody-at-all@shop.example']) {
    const replies = await Promise.all(
      Array.from({ length: 6 }, () =>
        limited.anonymous(forgotPassword, { body: { email: email.toLowerCase() } }),
      ),
    )
    expect(replies.map((reply) => reply.status).sort()).toEqual([202, 202, 202, 429, 429, 429])
    expect(Number(replies.find((reply) => reply.status === 429)?.headers.get('retry-after'))).toBeGreaterThan(
      3_000,
    )
    expect((await limited.anonymous(forgotPassword, { body: { email: email.toUpperCase() } })).status).toBe(
      429,
    )
  }
  // Locked out by wrong tries, and in again with the new password.
  for (let n = 0; n < 6; n += 1)
    await limited.anonymous(createToken, { body: { username: user.username, password: 'wrong' } })
  const again = () => limited.anonymous(createToken, { body: { username: user.username, password: next } })
  expect((await again()).status).toBe(429)
  const token = secretIn((await mails()).at(-1))
  expect((await limited.anonymous(resetPassword, { body: { token, password: next } })).status).toBe(204)
  expect((await again()).status).toBe(200)
  await rows('delete from sign_in_attempts')
  await mails()
})

test('links may be tried a hundred times an hour from one address, and no more', async () => {
  const limited = await openTestDesk({ beside: desk, rateLimit: true })
  const tries = () => limited.anonymous(resetPassword, { body: { token: 'fdm_guess', password: next } })
  const statuses: number[] = []
  for (let n = 0; n < 101; n += 1) statuses.push((await tries()).status)
  expect(statuses.slice(0, 100).every((status) => status === 400)).toBe(true)
  expect(statuses.at(-1)).toBe(429)
  await rows('delete from sign_in_attempts')
})
