// How often something may be tried on which an account depends, as tables, and what is left after some tries.
import type { Allowance } from '../rate-limit-allowance.ts'

interface TryLimit {
  readonly of: 'name and address' | 'name' | 'address'
  /** What callers know it by, and what it is counted under. */
  readonly policy: string
  readonly attempts: number
  readonly seconds: number
}

export interface TryLimits {
  /** What a caller is told who tried too often; the time to wait goes after it. */
  readonly refusal: string
  readonly limits: readonly TryLimit[]
}

/** However the name is counted. */
const byAddress = { of: 'address', policy: 'sign-in-by-address', attempts: 100, seconds: 60 * 60 } as const

/** Few tries for a name from one address, more for the name from anywhere, many from one address for any name. */
export const signInLimits: TryLimits = {
  refusal: 'Too many tries to sign in',
  limits: [
    { of: 'name and address', policy: 'sign-in', attempts: 5, seconds: 15 * 60 },
    { of: 'name', policy: 'sign-in-by-name', attempts: 20, seconds: 60 * 60 },
    byAddress,
  ],
}

/** Of a name in a browser in which it has signed in before: whatever is tried elsewhere leaves these alone. */
export const knownDeviceLimits: TryLimits = {
  refusal: signInLimits.refusal,
  limits: [{ of: 'name', policy: 'sign-in-by-device', attempts: 5, seconds: 15 * 60 }, byAddress],
}

/** Of a name in all such browsers together: whoever knew the password once may have made many. */
export const allKnownDevicesLimits: TryLimits = {
  refusal: signInLimits.refusal,
  limits: [{ of: 'name', policy: 'sign-in-by-devices', attempts: 20, seconds: 60 * 60 }],
}

const mailsByAddress = { of: 'address', policy: 'mails-by-address', attempts: 20, seconds: 60 * 60 } as const

/** Each sends a mail. By the e-mail address that was typed, whether anybody has it or not. */
export const forgottenPasswordLimits: TryLimits = {
  refusal: 'Too many mails were asked for',
  limits: [{ of: 'name', policy: 'forgotten-password', attempts: 3, seconds: 60 * 60 }, mailsByAddress],
}

/** Counted apart, or others who name somebody's address as theirs-to-be would use up the mails that let its owner in again. */
export const newAddressLimits: TryLimits = {
  refusal: 'Too many mails were asked for',
  limits: [{ of: 'name', policy: 'new-address', attempts: 3, seconds: 60 * 60 }, mailsByAddress],
}

/**
 * By where they come from, and by the e-mail address that was typed, whether anybody has it or not: each sends a mail there. Not
 * counted with the others, or strangers who sign up with somebody's address would use up that one's.
 */
export const signUpLimits: TryLimits = {
  refusal: 'Too many tries to sign up',
  limits: [
    { of: 'name', policy: 'sign-up-by-email', attempts: 5, seconds: 60 * 60 },
    { of: 'address', policy: 'sign-up', attempts: 10, seconds: 60 * 60 },
  ],
}

/** A mailed secret cannot be guessed; to look for one costs us something all the same. */
export const mailedLinkLimits: TryLimits = {
  refusal: 'Too many links were tried',
  limits: [{ of: 'address', policy: 'mailed-links', attempts: 100, seconds: 60 * 60 }],
}

/** How often something was tried of which there is a limit. */
export interface Tries {
  readonly of: TryLimit['of']
  readonly attempts: number
  readonly seconds_left: number
}

export function limitOf({ limits }: TryLimits, { of }: Tries): TryLimit {
  const limit = limits.find((candidate) => candidate.of === of)
  if (!limit) throw new Error(`There is no limit of tries by ${of}`)
  return limit
}

/** Of the limits the one that leaves least; of several that leave as little, the one that lasts longest. */
export function tightest(limits: TryLimits, tries: readonly Tries[]): Allowance {
  const [first, ...others] = tries.map((counted) => leftAfter(limits, counted))
  if (!first) throw new Error('Nothing was counted')
  return others.reduce((least, next) => (isTighter(next, least) ? next : least), first)
}

function isTighter(one: Allowance, other: Allowance): boolean {
  return (
    one.remaining < other.remaining ||
    (one.remaining === other.remaining && one.secondsLeft > other.secondsLeft)
  )
}

function leftAfter(limits: TryLimits, tries: Tries): Allowance {
  const { policy, attempts, seconds } = limitOf(limits, tries)
  const remaining = Math.max(0, attempts - tries.attempts)
  return { policy, quota: attempts, seconds, remaining, secondsLeft: tries.seconds_left }
}
