// How often anybody may call, and what is told of it.
import { expect, test } from 'vitest'
import { changeMyPassword, createToken, endpoints, getMe, livez } from '../contract/index.ts'
import { rateWindows } from '../server/http/rate-windows.ts'
import type { Answer } from './support/caller.ts'
import { openTestDesk } from './support/desk.ts'

const desk = await openTestDesk({ rateLimit: true, apiRateLimit: 20 })
const signing = await openTestDesk({ rateLimit: true })
const signingToo = await openTestDesk({ rateLimit: true, beside: signing })
const password = 'keep-yourself-warm'

/** The fields, read as RFC 9651 says. */
function allowanceIn({ headers }: Pick<Answer<unknown>, 'headers'>) {
  const [, policy, quota, seconds] =
    /^"([\w-]+)";q=(\d+);w=(\d+)$/.exec(headers.get('ratelimit-policy') ?? '') ?? []
  const [, limit, remaining, secondsLeft] =
    /^"([\w-]+)";r=(\d+);t=(\d+)$/.exec(headers.get('ratelimit') ?? '') ?? []
  expect(limit).toBe(policy)
  const [q, w, r, t] = [quota, seconds, remaining, secondsLeft].map(Number)
  return { policy, q, w, r, t }
}

test('S47 a user is told what is left, is refused beyond it on every token of theirs, and may go on after the wait', async () => {
  const user = await desk.given.user({ username: 'busy', password })
  const signedIn = await desk.anonymous(createToken, { body: { username: 'busy', password } })
  const [one, other] = [desk.as(user), desk.as(signedIn.body)]

  for (let call = 1; call <= 20; call += 1) {
    const answer = await (call % 2 === 0 ? one : other)(getMe, {})
    expect(answer.status).toBe(200)
    const { t, ...told } = allowanceIn(answer)
    expect(told).toEqual({ policy: 'user', q: 20, w: 60, r: 20 - call })
    expect(t).toBeLessThanOrEqual(60)
  }
  const refused = await desk.as(user)(getMe, {})
  expect(refused.status).toBe(429)
  expect(refused.problem.type).toBe('urn:frontdesk:problem:too_many_requests')
  const { r, t } = allowanceIn(refused)
  expect([r, refused.headers.get('retry-after')]).toEqual([0, String(t)])

  expect((await desk.as(await desk.given.operator())(getMe, {})).status, 'somebody else').toBe(200)
  desk.advance(1_000 * Number(refused.headers.get('retry-after')))
  expect((await desk.as(user)(getMe, {})).status).toBe(200)
})

test('S47 no spelling of a call gets round the count', async () => {
  const user = await desk.given.operator()
  const headers = { authorization: `Bearer ${user.token}` }
  const spellings: [string, RequestInit?][] = [
    ['/api/v1/me'],
    ['/api/me'],
    ['/api/v1/me/'],
    ['/%61pi/v1/m%65'],
    ['/api/v1/me', { method: 'HEAD' }],
    ['/api/v1/me', { headers: { ...headers, 'x-http-method-override': 'OPTIONS' } }],
    ['/api/v1/me', { headers: { ...headers, 'x-forwarded-for': '203.0.113.9' } }],
    ['/api/v1/me', { headers: { authorization: `token ${user.token}` } }],
  ]
  const left: number[] = []
  for (const [path, init] of spellings) {
    const answer = await fetch(desk.url + path, { headers, ...init })
    left.push(Number(allowanceIn(answer).r))
  }
  expect(left).toEqual(spellings.map((_, n) => 19 - n))
})

test('S47 calls without good credentials are counted by the address they come from, which hinders nobody who has some', async () => {
  desk.advance(60_000)
  const user = await desk.given.operator()
  const stranger = desk.as({ token: 'fdt_nobodys' })
  const answers = []
  for (let call = 0; call < 6; call += 1) answers.push(await stranger(getMe, {}))

  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 429, 429])
  expect(answers.map((answer) => allowanceIn(answer)).map(({ policy, q, r }) => [policy, q, r])).toEqual(
    [3, 2, 1, 0, 0, 0].map((left) => ['address', 4, left]),
  )
  for (const path of ['/api/v1/nothing', '/api/v1/token'])
    expect((await fetch(desk.url + path)).status, path).toBe(429)
  expect((await desk.as(user)(getMe, {})).status).toBe(200)
})

test('health, documentation and pages are never refused, and are told nothing', async () => {
  for (const path of ['/livez', '/readyz', '/health', '/api/v1/livez', '/openapi.json', '/docs/', '/setup']) {
    const answers = []
    for (let call = 0; call < 6; call += 1) answers.push(await fetch(desk.url + path))
    expect(
      answers.map(({ status }) => status),
      path,
    ).toEqual(answers.map(() => 200))
    expect(answers[0]?.headers.get('ratelimit'), path).toBeNull()
  }
})

test('with RATE_LIMIT=off nobody is counted', async () => {
  const open = await openTestDesk({ apiRateLimit: 1 })
  const user = await open.given.operator()
  for (let call = 0; call < 3; call += 1) {
    const answer = await open.as(user)(getMe, {})
    expect([answer.status, answer.headers.get('ratelimit')]).toEqual([200, null])
  }
  expect((await open.anonymous(livez, {})).status).toBe(200)
})

test('S47 fifty tries to sign in at once on two instances are counted exactly, and each is told its own count', async () => {
  await signing.given.user({ username: 'wanted', password })
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      (n % 2 === 0 ? signing : signingToo).anonymous(createToken, {
        body: { username: 'wanted', password: 'wrong' },
      }),
    ),
  )
  const told = answers.map((answer) => ({ status: answer.status, ...allowanceIn(answer) }))
  const tried = told.filter(({ status }) => status === 401)
  const refused = told.filter(({ status }) => status === 429)

  expect(tried.map(({ r }) => r).sort()).toEqual([0, 1, 2, 3, 4])
  for (const { policy, q, w } of tried) expect([policy, q, w]).toEqual(['sign-in', 5, 900])
  expect(refused).toHaveLength(45)
  for (const { r, t } of refused) expect([r, Number(t) > 800]).toEqual([0, true])
  const last = await signing.anonymous(createToken, { body: { username: 'wanted', password } })
  expect(last.headers.get('retry-after')).toBe(String(allowanceIn(last).t))
  expect(
    (await signing.rows<{ attempts: number }>('select attempts from sign_in_attempts order by attempts')).map(
      ({ attempts }) => attempts,
    ),
  ).toEqual([51, 51, 51])
})

test('control: the limit on calls, which each instance counts for itself, is not exact over two of them', async () => {
  const twin = await openTestDesk({ rateLimit: true, apiRateLimit: 20, beside: desk })
  const user = await desk.given.operator()
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? desk : twin).as(user)(getMe, {})),
  )
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(40)
})

test('after a right password the tries of the name are all there again', async () => {
  await signing.rows('delete from sign_in_attempts')
  const user = await signing.given.user({ username: 'forgetful', password })
  const signIn = (secret: string) =>
    signing.anonymous(createToken, { body: { username: 'forgetful', password: secret } })

  expect(allowanceIn(await signIn('wrong'))).toMatchObject({ policy: 'sign-in', r: 4 })
  expect(allowanceIn(await signIn(password))).toMatchObject({ policy: 'sign-in', r: 5 })
  const body = { current_password: 'wrong', new_password: 'keep-yourself-warmer' }
  const changed = await signing.as(user)(changeMyPassword, { body })
  expect([changed.status, allowanceIn(changed).r]).toEqual([422, 4])
})

test('the limit that leaves least is told', async () => {
  await signing.rows('delete from sign_in_attempts')
  const tryAs = (username: string) =>
    signing.anonymous(createToken, { body: { username, password: 'wrong' } })
  await tryAs('someone')
  await signing.rows('update sign_in_attempts set attempts = 98 where attempts = 1')
  // Of another name, so that only the address is near its limit.
  expect(allowanceIn(await tryAs('another'))).toMatchObject({ policy: 'sign-in-by-address', q: 100, r: 1 })
})

test('what is remembered has a bound, and does not outlive a clock that is set back', () => {
  let now = 1_000_000
  const count = rateWindows(() => now, 60_000, 3)
  for (const key of ['a', 'a', 'b', 'c']) count(key)
  expect(count('a').calls).toBe(3)
  count('d') // the oldest, a, is forgotten for it
  expect([count('b').calls, count('c').calls, count('d').calls, count('a').calls]).toEqual([2, 2, 2, 1])
  now += 60_000
  expect(count('c').calls).toBe(1)
  now -= 3_600_000
  expect(count('c').calls).toBe(1)
})

interface Operation {
  readonly responses: Readonly<Record<string, { readonly headers?: object }>>
}

interface OpenApi {
  readonly components: { readonly headers: object }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

test('the OpenAPI document describes the fields once, and names them wherever a call may be refused', async () => {
  const document = (await (await fetch(`${desk.url}/openapi.json`)).json()) as OpenApi
  const fields = Object.keys(document.components.headers)
  expect(fields).toEqual(['RateLimit-Policy', 'RateLimit', 'Retry-After'])
  const headersOf = (operation: Operation | undefined, status: number) =>
    Object.keys(operation?.responses[status]?.headers ?? {})
  for (const { method, url, config } of endpoints) {
    const operation = document.paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    const limited = !('exemptFromLimits' in config)
    expect([url, headersOf(operation, 429)]).toEqual([url, limited ? fields : []])
    expect([url, headersOf(operation, 503)]).toEqual([url, ['Retry-After']])
  }
})
