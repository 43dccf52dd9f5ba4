import { expect, test } from 'vitest'
import { knownDeviceLimits, limitOf, signInLimits, tightest } from '../../server/auth/sign-in-rules.ts'

const tried = (of: 'name' | 'address' | 'name and address', attempts: number, seconds_left = 100) => ({
  of,
  attempts,
  seconds_left,
})

test('each limit is known by what it counts', () => {
  const numbers = signInLimits.limits.map(({ of, attempts, seconds }) => [of, attempts, seconds])
  expect(numbers).toEqual([
    ['name and address', 5, 900],
    ['name', 20, 3600],
    ['address', 100, 3600],
  ])
  expect(limitOf(signInLimits, tried('name', 1)).attempts).toBe(20)
  expect(limitOf(knownDeviceLimits, tried('name', 1))).toMatchObject({ attempts: 5, seconds: 900 })
  expect(() => limitOf(knownDeviceLimits, tried('name and address', 1))).toThrow(/name and address/)
})

test('the one is told that leaves least', () => {
  expect(
    tightest(signInLimits, [tried('address', 98), tried('name and address', 2), tried('name', 1)]),
  ).toEqual({
    policy: 'sign-in-by-address',
    quota: 100,
    seconds: 3600,
    remaining: 2,
    secondsLeft: 100,
  })
  expect(tightest(signInLimits, [tried('name', 500)]).remaining).toBe(0)
  expect(() => tightest(signInLimits, [])).toThrow(/Nothing/)
})

test.each([
  [10, 900],
  [900, 10],
])('of two that leave as little, the one that lasts longer (%i and %i seconds)', (one, other) => {
  const allowance = tightest(signInLimits, [tried('name and address', 9, one), tried('name', 30, other)])
  expect([allowance.remaining, allowance.secondsLeft]).toEqual([0, 900])
})
