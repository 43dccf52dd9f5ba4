import { expect, test } from 'vitest'
import { createToken } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'

const first = await openTestDesk({ rateLimit: true })
const second = await openTestDesk({ rateLimit: true, beside: first })
const { given, rows } = first
const password = 'keep-yourself-warm'

const tryAt = (desk: typeof first, username: string, secret: string) =>
  desk.anonymous(createToken, { body: { username, password: secret } })

test('S47 five wrong tries for a name are answered, the sixth waits, on every instance alike and for unknown names too', async () => {
  await given.user({ username: 'limited', password })
  for (const username of ['limited', 'nobody']) {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => tryAt(i % 2 === 0 ? first : second, username, 'wrong')),
    )
    expect(answers.filter((answer) => answer.status === 401)).toHaveLength(5)
    const refused = answers.filter((answer) => answer.status === 429)
    expect(refused).toHaveLength(7)
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(800)
    expect(refused[0]?.problem.type).toBe('urn:frontdesk:problem:too_many_requests')
  }
  // However the name is spelled, where it finds the account it finds the count.
  for (const spelled of ['LIMITED', 'lİmited', 'L\u0130M\u0130TED']) {
    expect([401, 429], spelled).toContain((await tryAt(second, spelled, password)).status)
  }
  expect((await tryAt(second, 'LIMITED', password)).status).toBe(429)
})

test('S47 after the wait the right password works, and clears the count', async () => {
  await rows(`update sign_in_attempts set window_ends_at = now()`)
  expect((await tryAt(first, 'limited', password)).status).toBe(200)
  for (let i = 0; i < 5; i += 1) expect((await tryAt(first, 'limited', 'wrong')).status).toBe(401)
  expect((await tryAt(first, 'limited', 'wrong')).status).toBe(429)
})

test('right passwords are not counted against the address they come from, wrong ones are', async () => {
  await given.user({ username: 'regular', password })
  await rows('delete from sign_in_attempts')
  for (let i = 0; i < 3; i += 1) await tryAt(first, 'regular', password)
  await tryAt(first, 'regular', 'wrong')
  await tryAt(first, 'regular', password)

  expect(await rows('select attempts from sign_in_attempts')).toEqual([{ attempts: 1 }])
})

test('an address that is over its limit costs the database nothing more', async () => {
  await rows('delete from sign_in_attempts')
  await tryAt(first, 'one', 'wrong')
  await rows('update sign_in_attempts set attempts = 1000')
  expect((await tryAt(first, 'two', 'wrong')).status).toBe(429)
  const counted = await rows('select * from sign_in_attempts order by key')
  expect((await tryAt(first, 'three', 'wrong')).status).toBe(429)
  expect(await rows('select * from sign_in_attempts order by key')).toEqual(counted)

  first.advance(61_000)
  expect((await tryAt(first, 'three', 'wrong')).status, 'asked again').toBe(429)
  expect(await rows('select * from sign_in_attempts order by key')).not.toEqual(counted)
  await rows('delete from sign_in_attempts')
  first.advance(61_000)
})

test('what was typed as a name is not kept', async () => {
  await tryAt(first, 'my-secret-typed-as-name', 'x')
  expect(JSON.stringify(await rows('select * from sign_in_attempts'))).not.toContain('my-secret')
})
