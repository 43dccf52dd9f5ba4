// Browsers that are signed in: what lets them in, what ends that, and who may not make use of it.
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import {
  changeMyPassword,
  createSession,
  deleteSession,
  endMySession,
  type Endpoint,
  endpoints,
  getMe,
  listMySessions,
  listMyTokens,
  reauthenticateMe,
  requestFor,
  signOutEverywhere,
  signOutUser,
  updateMe,
} from '../contract/index.ts'
import { hashSecret } from '../server/credentials/secrets.ts'
import { fromOwnPage, signInBrowser } from './support/browser.ts'
import { callerOf } from './support/caller.ts'
import { openTestDesk } from './support/desk.ts'
import { openStream } from './support/event-stream.ts'
import type { TestUser } from './support/given.ts'
import { sendTo } from './support/send.ts'
import { callable, workingCall } from './support/working-calls.ts'

const desk = await openTestDesk()
const second = await openTestDesk({ beside: desk })
const { as, given, rows } = desk
const password = 'keep-yourself-warm'

const newUser = (role: TestUser['role'] = 'operator') => given.user({ role, password })
async function newBrowser(role?: TestUser['role']) {
  const user = await newUser(role)
  return { user, ...(await signInBrowser(desk, { username: user.username, password })) }
}
const secretOf = (cookie: string) => cookie.slice(cookie.indexOf('=') + 1)
const sessionOf = async (cookie: string) =>
  (await rows('select * from sessions where secret_hash = $1', [hashSecret(secretOf(cookie))]))[0]

describe('signing a browser in', () => {
  test('answers who that is, and a cookie that is opaque, for this host alone, and not for scripts', async () => {
    const { username, id } = await newUser()
    const own = fromOwnPage(desk)
    const answer = await callerOf(desk.url, own)(createSession, { body: { username, password } })
    expect(answer.body).toMatchObject({ user_id: id, role: 'operator' })
    const cookies = answer.headers.getSetCookie()
    expect(cookies).toEqual([
      expect.stringMatching(/^frontdesk=fdb_[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=1209600$/),
      expect.stringMatching(
        /^frontdesk-device=[\w.-]{66}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=15552000$/,
      ),
    ])
    const secret = /fdb_[\w-]+/.exec(cookies[0] ?? '')?.[0] ?? ''
    expect(JSON.stringify(answer.body)).not.toContain('fdb_')
    expect(JSON.stringify(await rows('select * from sessions, audit_events'))).not.toContain(secret.slice(4))
  })

  test('over TLS the cookie is bound to the host by its name, and never sent without TLS', async () => {
    const secure = await openTestDesk({ publicUrl: 'https://desk.test' })
    const { username } = await secure.given.user({ password })
    const { cookie } = await signInBrowser(secure, { username, password })
    expect(cookie).toMatch(/^__Host-frontdesk=fdb_/)
    const answer = await callerOf(secure.url, fromOwnPage(secure))(createSession, {
      body: { username, password },
    })
    expect(answer.headers.getSetCookie()[0]).toMatch(/; Secure$/)
    const asOnHttp = { cookie: cookie.replace('__Host-', '') }
    expect((await secure.anonymous(getMe, {}, asOnHttp)).status).toBe(401)
    expect((await secure.anonymous(getMe, {}, { cookie })).status).toBe(200)
  })

  test('a session from before never goes on: the new one takes its place', async () => {
    const { user, cookie, call } = await newBrowser()
    const again = await signInBrowser(desk, { username: user.username, password }, { cookie })
    expect(again.cookie).not.toBe(cookie)
    await expect.poll(async () => (await call(getMe, {})).status).toBe(401)
    expect((await again.call(getMe, {})).status).toBe(200)
  })

  test('a session that somebody else planted is not taken over', async () => {
    const attacker = await newBrowser()
    const victim = await newUser()
    const { cookie, call } = await signInBrowser(
      desk,
      { username: victim.username, password },
      { cookie: attacker.cookie },
    )
    expect(cookie).not.toBe(attacker.cookie)
    expect((await call(getMe, {})).body.id).toBe(victim.id)
  })

  test('S32 a wrong password, an unknown name and a disabled account get one and the same answer', async () => {
    const disabled = await newUser()
    await rows('update users set disabled_at = now() where id = $1', [disabled.id])
    const known = await newUser()
    const call = callerOf(desk.url, fromOwnPage(desk))
    const answers = await Promise.all(
      [
        { username: known.username, password: 'wrong' },
        { username: 'nobody', password },
        { username: disabled.username, password },
      ].map((body) => call(createSession, { body })),
    )
    const shown = answers.map(({ status, problem: { request_id: _, ...rest } }) => ({ status, rest }))
    expect(new Set(shown.map((one) => JSON.stringify(one))).size).toBe(1)
    expect(shown[0]?.status).toBe(401)
    for (const { headers } of answers) expect(headers.getSetCookie()).toEqual([])
  })
})

describe('S38 another site', () => {
  const foreign: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'names its origin': { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' },
    'is on a sister host': { origin: 'http://other.desk.test', 'sec-fetch-site': 'same-site' },
    'hides its origin': { origin: 'null', 'sec-fetch-site': 'cross-site' },
    'names no origin': {},
    'names no origin, and says it is ours': { 'sec-fetch-site': 'same-origin' },
    'has our name on another port': { origin: 'http://desk.test:8080' },
    'has our name over TLS': { origin: 'https://desk.test' },
    'has our name as a part of its own': { origin: 'http://desk.test.evil.test' },
    'has our origin, and yet is not ours': { origin: 'http://desk.test', 'sec-fetch-site': 'cross-site' },
    'is where the person typed, not a page': { origin: 'http://desk.test', 'sec-fetch-site': 'none' },
  }
  const unsafe = callable.filter(({ method }) => method !== 'GET')

  test.each(Object.entries(foreign))('that %s changes nothing by any endpoint', async (_, headers) => {
    const { user, cookie } = await newBrowser('admin')
    const before = await rows('select count(*) from audit_events')
    for (const endpoint of unsafe) {
      const { status, text } = await sendTo(desk.url, {
        method: endpoint.method,
        path: endpoint.url.replace(/:\w+/g, '1'),
        headers: { ...headers, cookie, 'content-type': 'application/json' },
        body: '{}',
      })
      expect([status, JSON.parse(text).type], endpoint.schema.operationId).toEqual([
        403,
        'urn:frontdesk:problem:forbidden',
      ])
    }
    expect(await rows('select count(*) from audit_events')).toEqual(before)
    expect(user.role).toBe('admin')
  })

  test.each(Object.entries(foreign))(
    'that %s signs nobody in, as themselves or as another',
    async (_, headers) => {
      const { username } = await newUser()
      const answer = await callerOf(desk.url, headers)(createSession, { body: { username, password } })
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []])
    },
  )

  test('with a form in place of JSON changes nothing either', async () => {
    const { cookie } = await newBrowser()
    const path = '/api/v1/me'
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const headers = { ...fromOwnPage(desk), cookie, 'content-type': type }
      const { status } = await sendTo(desk.url, {
        method: 'PATCH',
        path,
        headers,
        body: '{"first_name":"Eve"}',
      })
      expect(status, type).toBe(415)
    }
  })

  test('control: the same calls of our own pages go through', async () => {
    const { call } = await newBrowser()
    expect((await call(updateMe, { body: { first_name: 'Ed' } })).status).toBe(200)
  })

  test('no read changes anything: no GET has an effect', async () => {
    const caller = await newBrowser('admin')
    const reads = callable.filter(({ method, config }) => method === 'GET' && config.produces === undefined)
    const calls = await Promise.all(
      reads.map(async (endpoint) => {
        const user = { ...caller.user }
        return requestFor(endpoint, (await workingCall(desk, endpoint, user)) as never)
      }),
    )
    const before = await rows('select count(*) from audit_events')
    for (const { method, path } of calls) {
      const { status } = await sendTo(desk.url, { method, path, headers: { cookie: caller.cookie } })
      expect(status, path).toBe(200)
    }
    expect(await rows('select count(*) from audit_events')).toEqual(before)
  })
})

describe('a session', () => {
  test('gives way to a token that is shown beside it', async () => {
    const { cookie } = await newBrowser()
    const other = await given.admin()
    const both = { cookie, authorization: `Bearer ${other.token}` }
    expect((await desk.anonymous(getMe, {}, both)).body.id).toBe(other.id)
    expect((await desk.anonymous(getMe, {}, { cookie, authorization: 'Bearer wrong' })).status).toBe(401)
  })

  test('is not read where two are sent, since another host may have planted one of them', async () => {
    const [one, other] = [await newBrowser(), await newBrowser()]
    const cookie = `${one.cookie}; ${other.cookie}`
    expect((await desk.anonymous(getMe, {}, { cookie })).status).toBe(401)
    expect((await desk.anonymous(getMe, {}, { cookie: `a=b; ${one.cookie}; c=d` })).status).toBe(200)
  })

  test('a secret of one kind is never taken for another', async () => {
    const { cookie, user } = await newBrowser()
    expect((await as({ token: secretOf(cookie) })(getMe, {})).status).toBe(401)
    expect((await desk.anonymous(getMe, {}, { cookie: `frontdesk=${user.token}` })).status).toBe(401)
  })

  test.each([
    ['12 hours without use', `last_seen_at = now() - interval '12 hours'`],
    ['14 days, however much it is used', `expires_at = now()`],
    ['being revoked', `revoked_at = now()`],
  ])('ends after %s', async (_, change) => {
    const { cookie, call } = await newBrowser()
    expect((await call(getMe, {})).status).toBe(200)
    const { id } = (await sessionOf(cookie)) as { id: number }
    await rows(`update sessions set ${change} where id = $1`, [id])
    // What is remembered of a session that nobody ended lasts for half a minute.
    desk.advance(31_000)
    const { status, problem, headers } = await call(getMe, {})
    expect([status, problem.type]).toEqual([401, 'urn:frontdesk:problem:session_ended'])
    expect(headers.getSetCookie()).toEqual([expect.stringMatching(/^frontdesk=; .*Max-Age=0$/)])
  })

  test('that is used goes on, and says to the minute when it was', async () => {
    const { cookie, call } = await newBrowser()
    await rows(`update sessions set last_seen_at = now() - interval '11 hours'`)
    desk.advance(31_000)
    expect((await call(getMe, {})).status).toBe(200)
    const [seen] = await rows(
      `select last_seen_at > now() - interval '1 minute' as now from sessions where secret_hash = $1`,
      [hashSecret(secretOf(cookie))],
    )
    expect(seen).toEqual({ now: true })
  })

  test('is not kept from being idle by a stream that listens, and takes that with it', async () => {
    const { user, cookie, call } = await newBrowser()
    const stream = await openStream(desk.url, { cookie })
    await rows(`update sessions set last_seen_at = now() - interval '11 hours' where user_id = $1`, [user.id])
    // The stream looks every second, and is not to be answered from memory alone.
    desk.advance(31_000)
    await pause(1_500)
    expect(stream.isOpen).toBe(true)
    const [seen] = await rows(
      `select last_seen_at < now() - interval '10 hours' as idle from sessions where user_id = $1`,
      [user.id],
    )
    expect(seen).toEqual({ idle: true })
    await rows(`update sessions set last_seen_at = now() - interval '12 hours' where user_id = $1`, [user.id])
    desk.advance(31_000)
    await expect.poll(() => stream.isOpen, { timeout: 3_000 }).toBe(false)
    expect((await call(getMe, {})).status).toBe(401)
  })

  test('S07 of a user who is disabled ends on every instance within a second, and stays ended', async () => {
    const { user, cookie, call } = await newBrowser()
    const there = callerOf(second.url, { ...fromOwnPage(second), cookie })
    for (const one of [call, there]) expect((await one(getMe, {})).status).toBe(200)
    await rows('update users set disabled_at = now() where id = $1', [user.id])
    for (const one of [call, there])
      await expect.poll(async () => (await one(getMe, {})).status, { timeout: 1_000 }).toBe(401)
  })

  test('is ended by signing out, and the cookie with it', async () => {
    const { call } = await newBrowser()
    const answer = await call(deleteSession, {})
    expect(answer.status).toBe(204)
    expect(answer.headers.getSetCookie()).toEqual(['frontdesk=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0'])
    await expect.poll(async () => (await call(getMe, {})).status, { timeout: 1_000 }).toBe(401)
  })

  test('signing out by a token ends that token alone', async () => {
    const { user, call } = await newBrowser()
    expect((await as(user)(deleteSession, {})).status).toBe(204)
    await expect.poll(async () => (await as(user)(getMe, {})).status, { timeout: 1_000 }).toBe(401)
    expect((await call(getMe, {})).status).toBe(200)
  })
})

describe('a browser in which somebody has signed in before', async () => {
  const limited = await openTestDesk({ rateLimit: true })
  const own = fromOwnPage(limited)
  const trying = (username: string, typed: string, cookie = '') =>
    callerOf(limited.url, { ...own, cookie })(createSession, { body: { username, password: typed } })
  async function marked(username: string) {
    const [, mark = ''] = (await trying(username, password)).headers.getSetCookie()
    return mark.slice(0, mark.indexOf(';'))
  }

  test('lets them in while others try their name from everywhere, and nobody else', async () => {
    const { username } = await limited.given.user({ username: 'Sought', password })
    const { username: other } = await limited.given.user({ password })
    const [mark, foreign] = [await marked(username), await marked(other)]
    for (let tries = 0; tries < 6; tries += 1) await trying(username, 'wrong')
    expect((await trying(username, password)).status).toBe(429)
    for (const bad of [
      foreign,
      `${mark}x`,
      mark.replace('.', '.A'),
      'frontdesk-device=.',
      'frontdesk-device=a.b',
    ])
      expect((await trying(username, password, bad)).status, bad).toBe(429)
    expect((await trying('SOUGHT', password, mark)).status).toBe(200)
  })

  test('may be tried in, too, only so often', async () => {
    const { username } = await limited.given.user({ password })
    const mark = await marked(username)
    const statuses: number[] = []
    for (let tries = 0; tries < 6; tries += 1) statuses.push((await trying(username, 'wrong', mark)).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
    expect((await trying(username, password)).status, 'elsewhere').toBe(200)
  })

  test('is no way to many tries: all of them together have a limit, too', async () => {
    const { username } = await limited.given.user({ password })
    const marks: string[] = []
    for (let made = 0; made < 5; made += 1) marks.push(await marked(username))
    const statuses: number[] = []
    for (const mark of marks)
      for (let tries = 0; tries < 5; tries += 1) statuses.push((await trying(username, 'wrong', mark)).status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(20)
    expect(statuses.slice(20)).toEqual([429, 429, 429, 429, 429])
  })

  test('is not signed in by that', async () => {
    const { username } = await limited.given.user({ password })
    const cookie = await marked(username)
    expect((await limited.anonymous(getMe, {}, { cookie })).status).toBe(401)
  })
})

describe('my sessions', () => {
  test('are listed with what tells them apart, and without another’s', async () => {
    const user = await newUser()
    await newBrowser()
    const credentials = { username: user.username, password }
    await signInBrowser(desk, credentials, { userAgent: 'Old\u00e9 browser' })
    const { call } = await signInBrowser(desk, credentials, { userAgent: 'New browser' })
    const { body } = await call(listMySessions, {})
    expect(body.results.map(({ user_agent, current }) => [user_agent, current])).toEqual([
      ['New browser', true],
      ['Old browser', false],
    ])
    expect(body.results[0]?.address).toBe('127.0.0.1')
  })

  test('end one by one; another’s is not there', async () => {
    const { user, call } = await newBrowser()
    const other = await signInBrowser(desk, { username: user.username, password })
    const foreign = await newBrowser()
    const { id: foreignId } = (await sessionOf(foreign.cookie)) as { id: number }
    expect((await call(endMySession, { params: { id: foreignId } })).status).toBe(404)
    const { id } = (await sessionOf(other.cookie)) as { id: number }
    expect((await call(endMySession, { params: { id } })).status).toBe(204)
    expect((await call(endMySession, { params: { id } })).status).toBe(404)
    await expect.poll(async () => (await other.call(getMe, {})).status, { timeout: 1_000 }).toBe(401)
    for (const one of [call, foreign.call]) expect((await one(getMe, {})).status).toBe(200)
  })

  test('end all at once, with all tokens, each with its audit row', async () => {
    const { user, call } = await newBrowser()
    const other = await signInBrowser(desk, { username: user.username, password })
    expect((await call(signOutEverywhere, {})).status).toBe(204)
    for (const one of [call, other.call, as(user), second.as(user)])
      await expect.poll(async () => (await one(getMe, {})).status, { timeout: 1_000 }).toBe(401)
    const ended = await rows<{ action: string }>(
      `select action from audit_events where actor_id = $1 and action in ('session.ended', 'token.revoked') order by action`,
      [user.id],
    )
    expect(ended.map(({ action }) => action)).toEqual(['session.ended', 'session.ended', 'token.revoked'])
  })

  test('end when an admin signs the user out, who can sign in again', async () => {
    const { user, call } = await newBrowser()
    const admin = await given.admin()
    expect((await as(admin)(signOutUser, { params: { id: user.id } })).status).toBe(204)
    for (const one of [call, as(user), second.as(user)])
      await expect.poll(async () => (await one(getMe, {})).status, { timeout: 1_000 }).toBe(401)
    await signInBrowser(desk, { username: user.username, password })
    expect((await as(admin)(getMe, {})).status).toBe(200)
  })

  test('I25 a changed password ends all but the one that changed it', async () => {
    const { user, call } = await newBrowser()
    const other = await signInBrowser(desk, { username: user.username, password })
    const body = { current_password: password, new_password: 'and-stay-warm-all-winter' }
    expect((await call(changeMyPassword, { body })).status).toBe(204)
    for (const one of [other.call, as(user)])
      await expect.poll(async () => (await one(getMe, {})).status, { timeout: 1_000 }).toBe(401)
    expect((await call(getMe, {})).status).toBe(200)
    expect((await call(listMyTokens, {})).body.results).toEqual([])
  })
})

describe('what is dangerous', () => {
  const dangerous: readonly Endpoint[] = endpoints.filter(({ config }) => config.recent)
  const longAgo = `authenticated_at = now() - interval '601 seconds'`

  test('is more than nothing', () => expect(dangerous.length).toBeGreaterThan(0))

  test.each(dangerous.map((endpoint) => [endpoint.schema.operationId, endpoint] as const))(
    '%s asks for the password again after ten minutes, and goes on with the same session',
    async (_, endpoint) => {
      const { user, call } = await newBrowser('admin')
      const input = (await workingCall(desk, endpoint, user)) as never
      await rows(`update sessions set ${longAgo} where user_id = $1`, [user.id])
      const refused = await call(endpoint, input)
      expect([refused.status, refused.problem.type]).toEqual([
        401,
        'urn:frontdesk:problem:reauthentication_required',
      ])
      expect(refused.headers.get('www-authenticate')).toBe(
        'Bearer realm="frontdesk", error="insufficient_user_authentication", max_age="600"',
      )
      expect((await call(reauthenticateMe, { body: { password } })).status).toBe(204)
      expect((await call(endpoint, input)).status).toBeLessThan(300)
    },
  )

  test('asks of a token, too, on every instance at once', async () => {
    const [endpoint] = dangerous
    const user = await newUser('admin')
    if (!endpoint) throw new Error('There is none')
    const input = (await workingCall(desk, endpoint, user)) as never
    await rows(`update tokens set ${longAgo} where user_id = $1`, [user.id])
    expect((await second.as(user)(endpoint, input)).status).toBe(401)
    expect((await as(user)(reauthenticateMe, { body: { password } })).status).toBe(204)
    expect((await second.as(user)(endpoint, input)).status).toBeLessThan(300)
  })

  test('a wrong password does not count as shown', async () => {
    const { user, call } = await newBrowser()
    await rows(`update sessions set ${longAgo} where user_id = $1`, [user.id])
    const { status, problem } = await call(reauthenticateMe, { body: { password: 'wrong' } })
    expect([status, problem.errors?.[0]?.pointer]).toEqual([422, '/password'])
    const [session] = await rows(
      `select ${longAgo.replace('=', '<=')} as old from sessions where user_id = $1`,
      [user.id],
    )
    expect(session).toEqual({ old: true })
  })

  test('guessing it there is limited, as at the door', async () => {
    const limited = await openTestDesk({ rateLimit: true })
    const user = await limited.given.user({ password })
    const statuses: number[] = []
    for (let tries = 0; tries < 6; tries += 1) {
      const { status } = await limited.as(user)(reauthenticateMe, { body: { password: 'wrong' } })
      statuses.push(status)
    }
    expect(statuses).toEqual([422, 422, 422, 422, 422, 429])
  })
})
