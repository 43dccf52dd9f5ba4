// How often signing in may be tried, as a table, and what is left after some tries.
import type { Allowance } from '../rate-limit-allowance.ts'

interface SignInLimit {
  readonly of: 'name and address' | 'name' | 'address'
  /** What callers know it by. */
  readonly policy: string
  readonly attempts: number
  readonly seconds: number
}

/** Few tries for a name from one address, more for the name from anywhere, many from one address for any name. */
export const signInLimits: readonly SignInLimit[] = [
  { of: 'name and address', policy: 'sign-in', attempts: 5, seconds: 15 * 60 },
  { of: 'name', policy: 'sign-in-by-name', attempts: 20, seconds: 60 * 60 },
  { of: 'address', policy: 'sign-in-by-address', attempts: 100, seconds: 60 * 60 },
]

/** How often something was tried of which there is a limit. */
export interface Tries {
  readonly of: SignInLimit['of']
  readonly attempts: number
  readonly seconds_left: number
}

export function limitOf({ of }: Tries): SignInLimit {
  const limit = signInLimits.find((candidate) => candidate.of === of)
  if (!limit) throw new Error(`There is no limit of tries by ${of}`)
  return limit
}

/** Of the limits the one that leaves least; of several that leave as little, the one that lasts longest. */
export function tightest(tries: readonly Tries[]): Allowance {
  const [first, ...others] = tries.map(leftAfter)
  if (!first) throw new Error('Nothing was counted')
  return others.reduce((least, next) => (isTighter(next, least) ? next : least), first)
}

function isTighter(one: Allowance, other: Allowance): boolean {
  if (one.remaining !== other.remaining) return one.remaining < other.remaining
  return one.secondsLeft > other.secondsLeft
}

function leftAfter(tries: Tries): Allowance {
  const { policy, attempts, seconds } = limitOf(tries)
  const remaining = Math.max(0, attempts - tries.attempts)
  return { policy, quota: attempts, seconds, remaining, secondsLeft: tries.seconds_left }
}
