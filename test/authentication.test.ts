// What callers are told whom a call does not let in, and that only their own credentials count.
import { setTimeout as pause } from 'node:timers/promises'
import pino from 'pino'
import { describe, expect, test } from 'vitest'
import {
  createToken,
  disableUser,
  endMySession,
  getMe,
  listMySessions,
  listMyTokens,
  listUsers,
  updateMe,
} from '../contract/index.ts'
import { hashSecret } from '../server/credentials/secrets.ts'
import { signInBrowser } from './support/browser.ts'
import { openTestDesk } from './support/desk.ts'
import { openStream } from './support/event-stream.ts'

const desk = await openTestDesk()
const { anonymous, as, given, rows } = desk
const password = 'keep-yourself-warm'
const operator = await given.operator()
const admin = await given.user({ role: 'admin', password })

const bearer = 'Bearer realm="frontdesk"'
const unknown = {
  status: 401,
  type: 'urn:frontdesk:problem:bad_credentials',
  detail: 'This token is unknown, expired or revoked.',
  challenge: `${bearer}, error="invalid_token"`,
}
const unread = { ...unknown, detail: 'Send `Authorization: Bearer <token>`.', challenge: bearer }

async function refusalOf(answer: ReturnType<typeof anonymous>) {
  const { headers, problem } = await answer
  const { status, type, detail } = problem
  return { status, type, detail, challenge: headers.get('www-authenticate') }
}

test.each([
  ['a token that nobody has', `Bearer fdt_${'a'.repeat(43)}`, unknown],
  ['a token of a kind that nobody knows', 'Token wrong', unknown],
  ['as much as a token may have', `Bearer ${'a'.repeat(200)}`, unknown],
  ['more than that', `Bearer ${'a'.repeat(201)}`, unread],
  ['a token with a text before it', `my Bearer ${operator.token}`, unread],
  ['a token with a text after it', `Bearer ${operator.token} indeed`, unread],
  ['a token without a space', `Bearer${operator.token}`, unread],
  ['nothing but the scheme', 'Bearer', unread],
  ['another scheme', 'Basic ZWQ6c2VjcmV0', unread],
])('%s is told apart', async (_, authorization, refusal) => {
  expect(await refusalOf(anonymous(getMe, {}, { authorization }))).toEqual(refusal)
})

test('who shows nothing is told what to show', async () => {
  expect(await refusalOf(anonymous(getMe, {}))).toEqual({
    status: 401,
    type: 'urn:frontdesk:problem:unauthorized',
    detail: 'This call needs a token: `Authorization: Bearer <token>`, from POST /api/v1/token.',
    challenge: bearer,
  })
})

test('where nothing is, or a page for everybody, nobody is asked who they are', async () => {
  expect((await fetch(`${desk.url}/api/v1/nowhere`)).status).toBe(404)
  expect((await fetch(`${desk.url}/sign-in`)).status).toBe(200)
  expect((await fetch(`${desk.url}/docs/static/index.html`)).status).toBe(200)
})

test('whose role does not reach is told which one would', async () => {
  expect(await refusalOf(as(operator)(listUsers, {}))).toMatchObject({
    status: 403,
    type: 'urn:frontdesk:problem:forbidden',
    detail: 'This call is for the role admin; yours is operator.',
  })
})

test('whose session has ended, or is used from another site, is told so', async () => {
  const { cookie } = await signInBrowser(desk, { username: admin.username, password })
  expect(await refusalOf(anonymous(updateMe, { body: { first_name: 'Ed' } }, { cookie }))).toMatchObject({
    status: 403,
    type: 'urn:frontdesk:problem:forbidden',
    detail: 'Browsers may send this only from the pages of Frontdesk itself.',
  })
  const foreign = { cookie: `frontdesk=fdb_${'a'.repeat(43)}` }
  expect(await refusalOf(anonymous(getMe, {}, foreign))).toMatchObject({
    status: 401,
    type: 'urn:frontdesk:problem:session_ended',
    detail: 'You are signed in no more; sign in again.',
  })
})

test('a token that is remembered is looked up anew for what is dangerous, and for that alone', async () => {
  const { token } = await given.admin()
  const call = as({ token })
  expect((await call(listUsers, {})).status).toBe(200)
  await rows(
    `update tokens set authenticated_at = now() - interval '601 seconds'
     where secret_hash = sha256(convert_to($1, 'UTF8'))`,
    [token],
  )
  const { id } = await given.user()
  expect(await refusalOf(call(disableUser, { params: { id } }))).toEqual({
    status: 401,
    type: 'urn:frontdesk:problem:reauthentication_required',
    detail:
      'This is dangerous, so show your password again: POST /api/v1/me/reauthentication, or sign in anew.',
    challenge: `${bearer}, error="insufficient_user_authentication", max_age="600"`,
  })
  expect((await call(listUsers, {})).status).toBe(200)
})

test('a stream ends when its user gets another role, and only theirs', async () => {
  const user = await given.operator()
  const [theirs, another] = await Promise.all([
    openStream(desk.url, { token: user.token }),
    openStream(desk.url, { token: operator.token }),
  ])
  await rows(`update users set role = 'customer' where id = $1`, [user.id])
  await expect.poll(() => theirs.isOpen, { timeout: 3_000 }).toBe(false)
  expect(another.isOpen).toBe(true)
})

test('a stream goes on while nobody can tell whether it may', async () => {
  const stream = await openStream(desk.url, { token: operator.token })
  await rows('alter table tokens rename to tokens_out_of_reach')
  desk.advance(31_000)
  await pause(1_500)
  expect(stream.isOpen).toBe(true)
  await rows('alter table tokens_out_of_reach rename to tokens')
})

describe('a session', () => {
  const seen = async (cookie: string) => {
    const secret = cookie.slice(cookie.indexOf('=') + 1)
    const [session] = await rows<{ now: boolean }>(
      `select last_seen_at > now() - interval '1 minute' as now from sessions where secret_hash = $1`,
      [hashSecret(secret)],
    )
    return session?.now
  }
  const idleFor11Hours = () => rows(`update sessions set last_seen_at = now() - interval '11 hours'`)

  test('is remembered for half a minute', async () => {
    const { call, cookie } = await signInBrowser(desk, { username: admin.username, password })
    expect((await call(getMe, {})).status).toBe(200)
    await idleFor11Hours()
    expect((await call(getMe, {})).status).toBe(200)
    expect(await seen(cookie)).toBe(false)
    desk.advance(31_000)
    expect((await call(getMe, {})).status).toBe(200)
    expect(await seen(cookie)).toBe(true)
  })

  test('is seen to be used, although a stream has just looked whether it works', async () => {
    const { call, cookie } = await signInBrowser(desk, { username: admin.username, password })
    await openStream(desk.url, { cookie })
    await idleFor11Hours()
    desk.advance(31_000)
    await pause(1_500)
    expect(await seen(cookie)).toBe(false)
    expect((await call(getMe, {})).status).toBe(200)
    expect(await seen(cookie)).toBe(true)
  })

  test('is seen to be used by a page that is not of the API', async () => {
    const { cookie } = await signInBrowser(desk, { username: admin.username, password })
    await idleFor11Hours()
    expect((await fetch(`${desk.url}/oauth/device`, { headers: { cookie } })).status).toBe(200)
    expect(await seen(cookie)).toBe(true)
  })

  test('lets its user in when that cannot be written down, which is logged', async () => {
    const lines: string[] = []
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) })
    const logging = await openTestDesk({ beside: desk, log })
    const { call, cookie } = await signInBrowser(logging, { username: admin.username, password })
    await idleFor11Hours()
    await rows(`create function refused() returns trigger language plpgsql as $$ begin raise 'no'; end $$`)
    await rows('create trigger refused before update on sessions execute function refused()')
    expect((await call(getMe, {})).status).toBe(200)
    await rows('drop function refused cascade')
    expect(await seen(cookie)).toBe(false)
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ msg: 'could not note that a session was seen', err: expect.anything() }),
    ])
  })

  test('is not the current one of a call by a token, though both have one number', async () => {
    const user = await given.user({ password })
    const token = (await as(user)(listMyTokens, {})).body.results[0]?.id ?? 0
    await rows(`select setval(pg_get_serial_sequence('sessions', 'id'), $1, false)`, [token + 1_000])
    await rows(`select setval(pg_get_serial_sequence('tokens', 'id'), $1, false)`, [token + 1_000])
    const browser = await signInBrowser(desk, { username: user.username, password })
    const { body } = await anonymous(createToken, { body: { username: user.username, password } })
    const sessionsOf = async (call: typeof browser.call) =>
      (await call(listMySessions, {})).body.results.map(({ id, current }) => [id, current])
    expect(await sessionsOf(browser.call)).toEqual([[token + 1_000, true]])
    expect(await sessionsOf(as({ token: body.token }))).toEqual([[token + 1_000, false]])
    const gone = await refusalOf(browser.call(endMySession, { params: { id: 1 } }))
    expect([gone.status, gone.detail]).toEqual([404, 'You have no session 1.'])
  })
})
