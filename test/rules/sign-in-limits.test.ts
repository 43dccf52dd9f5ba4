import { expect, test } from 'vitest'
import {
  allKnownDevicesLimits,
  forgottenPasswordLimits,
  knownDeviceLimits,
  limitOf,
  mailedLinkLimits,
  newAddressLimits,
  signInLimits,
  signUpLimits,
  tightest,
} from '../../server/auth/sign-in-rules.ts'

const tried = (of: 'name' | 'address' | 'name and address', attempts: number, seconds_left = 100) => ({
  of,
  attempts,
  seconds_left,
})

const byAddress = ['address', 'sign-in-by-address', 100, 3600]
const mailsByAddress = ['address', 'mails-by-address', 20, 3600]

test.each([
  [
    'signing in',
    signInLimits,
    /sign in/,
    [['name and address', 'sign-in', 5, 900], ['name', 'sign-in-by-name', 20, 3600], byAddress],
  ],
  [
    'signing in from a known browser',
    knownDeviceLimits,
    /sign in/,
    [['name', 'sign-in-by-device', 5, 900], byAddress],
  ],
  [
    'signing in from all known browsers of a name',
    allKnownDevicesLimits,
    /sign in/,
    [['name', 'sign-in-by-devices', 20, 3600]],
  ],
  [
    'mails about a forgotten password',
    forgottenPasswordLimits,
    /mails/,
    [['name', 'forgotten-password', 3, 3600], mailsByAddress],
  ],
  ['mails to a new address', newAddressLimits, /mails/, [['name', 'new-address', 3, 3600], mailsByAddress]],
  [
    'signing up',
    signUpLimits,
    /sign up/,
    [
      ['name', 'sign-up-by-email', 5, 3600],
      ['address', 'sign-up', 10, 3600],
    ],
  ],
  ['mailed links', mailedLinkLimits, /links/, [['address', 'mailed-links', 100, 3600]]],
])('%s: how often in how many seconds, by what, and under which name', (_, limits, refusal, expected) => {
  const rows = limits.limits.map(({ of, policy, attempts, seconds }) => [of, policy, attempts, seconds])
  expect(rows).toEqual(expected)
  expect(limits.refusal).toMatch(refusal)
})

test('each limit is known by what it counts', () => {
  expect(limitOf(signInLimits, tried('name', 1)).attempts).toBe(20)
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
  // However long the others last, and in whichever order they come.
  const [least, most] = [tried('name and address', 4, 10), tried('name', 1, 900)]
  expect(tightest(signInLimits, [least, most]).policy).toBe('sign-in')
  expect(tightest(signInLimits, [most, least]).policy).toBe('sign-in')
  expect(() => tightest(signInLimits, [])).toThrow(/Nothing/)
})

test.each([
  [10, 900],
  [900, 10],
])('of two that leave as little, the one that lasts longer (%i and %i seconds)', (one, other) => {
  const allowance = tightest(signInLimits, [tried('name and address', 9, one), tried('name', 30, other)])
  expect([allowance.remaining, allowance.secondsLeft]).toEqual([0, 900])
})

test('of two that are alike in both, the first', () => {
  const [one, other] = [tried('name and address', 9), tried('name', 30)]
  expect(tightest(signInLimits, [one, other]).policy).toBe('sign-in')
  expect(tightest(signInLimits, [other, one]).policy).toBe('sign-in-by-name')
})
