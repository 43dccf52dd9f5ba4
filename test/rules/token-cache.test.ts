// What is remembered of tokens, for how long, and what makes it forget.
import { beforeEach, expect, test } from 'vitest'
import type { Holder } from '../../server/auth/holder.ts'
import { TokenCache } from '../../server/auth/token-cache.ts'

let now: number
let cache: TokenCache
let looked: number

beforeEach(() => {
  now = 1_000_000
  looked = 0
  cache = new TokenCache(() => now)
  cache.setListening(true)
})

const holderWith = (user_id: number, seconds_left = 3_600): Holder => ({
  credential: { type: 'token', id: user_id },
  user_id,
  role: 'operator',
  scopes: null,
  seconds_left,
  recent: true,
})
const ed = holderWith(1)

const asked = (key: string, holder: Holder | undefined = ed) =>
  cache.holder(key, async () => {
    looked += 1
    return holder
  })

async function isRemembered(key: string) {
  const before = looked
  await asked(key)
  return looked === before
}

test('whose token it is is looked up once in thirty seconds', async () => {
  expect(await asked('a')).toBe(ed)
  expect(await asked('a', holderWith(2))).toBe(ed)
  now += 29_999
  expect(await isRemembered('a')).toBe(true)
  now += 1
  expect(await isRemembered('a')).toBe(false)
})

test('a token is remembered no longer than it works', async () => {
  await asked('a', holderWith(1, 10))
  now += 9_999
  expect(await isRemembered('a')).toBe(true)
  now += 1
  expect(await isRemembered('a')).toBe(false)
})

test('nobody’s token is not remembered', async () => {
  expect(await cache.holder('a', async () => undefined)).toBeUndefined()
  expect(await isRemembered('a')).toBe(false)
})

test('a user is forgotten, and no other', async () => {
  await asked('a')
  await asked('b', holderWith(2))
  await asked('c')
  cache.forgetUser(1)
  expect(await isRemembered('b')).toBe(true)
  expect(await isRemembered('a')).toBe(false)
  expect(await isRemembered('c')).toBe(false)
})

test.each<[string, () => void]>([
  ['a user is forgotten', () => cache.forgetUser(7)],
  ['the line for announcements is opened anew', () => cache.setListening(true)],
  [
    'both happen',
    () => {
      cache.forgetUser(7)
      cache.setListening(true)
    },
  ],
])('what is looked up while %s is not remembered', async (_, happens) => {
  const found = cache.holder('a', async () => {
    happens()
    return ed
  })
  expect(await found).toBe(ed)
  expect(await isRemembered('a')).toBe(false)
  expect(await isRemembered('a')).toBe(true)
})

test('nothing is remembered where announcements do not arrive', async () => {
  await asked('a')
  cache.setListening(false)
  expect(await isRemembered('a')).toBe(false)
  expect(await isRemembered('a')).toBe(false)
  cache.setListening(true)
  expect(await isRemembered('a')).toBe(false)
  expect(await isRemembered('a')).toBe(true)
})

test('a cache that was never told of a line remembers nothing', async () => {
  cache = new TokenCache(() => now)
  await asked('a')
  expect(await isRemembered('a')).toBe(false)
})

test('20,000 are remembered, and then it begins anew', async () => {
  for (let number = 1; number <= 20_000; number += 1) await asked(`${number}`)
  expect(await isRemembered('1')).toBe(true)
  await asked('one more')
  expect(await isRemembered('one more')).toBe(true)
  expect(await isRemembered('1')).toBe(false)
})
