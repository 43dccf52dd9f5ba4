// What takes long is worked out before the transaction that an Idempotency-Key or If-Match begins: a few such calls would hold
// every connection to the database.
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { changeMyPassword, createUser, reauthenticateMe } from '../contract/index.ts'
import { hashPassword } from '../server/credentials/password-hashing.ts'
import { openTestDesk } from './support/desk.ts'

const desk = await openTestDesk()
const { as, given, rows } = desk
const password = 'keep-yourself-warm'

/** Keeps everybody who hashes waiting; resolves once nobody has to any more. */
const busyHashing = () => Promise.all(Array.from({ length: 120 }, () => hashPassword(password)))

test('no connection is held by calls that wait for a password to be hashed', async () => {
  const passwordHash = await hashPassword(password)
  const people = await Promise.all(
    Array.from({ length: 4 }, () => given.user({ role: 'admin', passwordHash })),
  )
  const busy = busyHashing()
  const key = () => ({ 'idempotency-key': randomUUID() })
  const names = { first_name: 'Jennie', last_name: 'Lanister', role: 'operator' as const }
  const calls = people.flatMap((who, n) => [
    as(who)(createUser, { body: { ...names, username: `jennie-${n}`, password } }, key()),
    as(who)(reauthenticateMe, { body: { password } }, key()),
    as(who)(
      changeMyPassword,
      { body: { current_password: password, new_password: 'and-stay-warm-all-winter' } },
      n % 2 === 0 ? key() : { 'if-match': '*' },
    ),
  ])
  const hashing = new AbortController()
  void busy.then(() => hashing.abort())
  const held: number[] = []
  for (; !hashing.signal.aborted; await pause(20)) {
    const [found] = await rows<{ held: number }>(
      `select count(*)::int as held from pg_stat_activity
       where datname = current_database() and state = 'idle in transaction'`,
    )
    held.push(found?.held ?? 0)
  }
  held.pop() // it may be of the moment after
  expect(held.length).toBeGreaterThan(3)
  expect(Math.max(...held)).toBe(0)
  expect((await Promise.all(calls)).map(({ status }) => status < 300)).toEqual(calls.map(() => true))
})

test('what was answered before is not prepared again: the password may be another one by now', async () => {
  const who = await given.user({ password })
  const headers = { 'idempotency-key': randomUUID() }
  const body = { current_password: password, new_password: 'and-stay-warm-all-winter' }
  for (const replayed of [null, 'true']) {
    const answer = await as(who)(changeMyPassword, { body }, headers)
    expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([204, replayed])
  }
})

test('a refusal in preparing is kept under the key like any other', async () => {
  const who = await given.user({ password })
  const headers = { 'idempotency-key': randomUUID() }
  for (const replayed of [null, 'true']) {
    const answer = await as(who)(reauthenticateMe, { body: { password: 'wrong' } }, headers)
    expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([422, replayed])
  }
})
