// Holds sign-ins to the table of sign-in-rules.ts. Counted in the database, in one atomic statement, so that every instance
// counts the same; by the name as typed, so that a name that nobody has is limited like any other.
import type { Context } from '../context.ts'
import { tooManyRequests } from '../errors.ts'
import { placeOf } from '../place.ts'
import type { Allowance } from '../rate-limit-allowance.ts'
import * as repository from './sign-in-limit-repository.ts'
import { limitOf, type Tries, signInLimits, tightest } from './sign-in-rules.ts'

interface Attempt {
  readonly username: string
  readonly address: string
  /** To be told what is left of the tightest limit. */
  readonly tell?: (allowance: Allowance) => void
}

/** Counts a try before it is made. Throws a 429 once there were too many. */
export async function countAttempt(ctx: Context, attempt: Attempt): Promise<void> {
  if (!ctx.config.rateLimit) return
  const { username: name, tell } = attempt
  const place = placeOf(attempt.address)
  const closed = closedPlacesOf(ctx.db)
  const closedUntil = closed.get(place) ?? 0
  if (closedUntil > ctx.clock()) throw refused([triedTooOften((closedUntil - ctx.clock()) / 1000)], tell)

  const counted = await repository.countAttempts.all(ctx.db, {
    of: signInLimits.map((limit) => limit.of),
    seconds: signInLimits.map((limit) => limit.seconds),
    name,
    place,
  })
  const over = counted.filter((tries) => tries.attempts > limitOf(tries).attempts)
  if (over.length === 0) return tell?.(tightest(counted))
  const ofPlace = over.find((tries) => tries.of === 'place')
  if (ofPlace) {
    if (closed.size >= closedAtMost) closed.clear()
    closed.set(place, ctx.clock() + Math.min(ofPlace.seconds_left, closedForSeconds) * 1000)
  }
  throw refused(over, tell)
}

function refused(over: readonly Tries[], tell: Attempt['tell']) {
  const allowance = tightest(over)
  tell?.(allowance)
  return tooManyRequests('Too many tries to sign in; wait before the next one.', allowance.secondsLeft)
}

const triedTooOften = (seconds_left: number): Tries => ({ of: 'place', attempts: Infinity, seconds_left })

// A place that is over its limit is remembered for a minute, or refusing it would cost the database three rows a try.
const closedForSeconds = 60
const closedAtMost = 10_000
const closedPlaces = new WeakMap<Context['db'], Map<string, number>>()

function closedPlacesOf(db: Context['db']): Map<string, number> {
  const closed = closedPlaces.get(db) ?? new Map<string, number>()
  closedPlaces.set(db, closed)
  return closed
}

/** After a right password. The place keeps its wrong tries, or a guesser could clear them with an account of their own. */
export async function forgetAttempts(
  ctx: Context,
  { username: name, address, tell }: Attempt,
): Promise<void> {
  if (!ctx.config.rateLimit) return
  const of = signInLimits.map((limit) => limit.of)
  const kept = await repository.forgetAttempts.all(ctx.db, { of, name, place: placeOf(address) })
  const forgotten = signInLimits
    .filter((limit) => limit.of !== 'place')
    .map(({ of, seconds }) => ({ of, attempts: 0, seconds_left: seconds }))
  tell?.(tightest([...forgotten, ...kept]))
}
