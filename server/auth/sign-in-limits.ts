// Holds sign-ins to the table of sign-in-rules.ts. Counted in the database, in one atomic statement, so that every instance
// counts the same; by the name as typed, so that a name that nobody has is limited like any other.
import type { Context } from '../context.ts'
import { tooManyRequests } from '../errors.ts'
import * as repository from './sign-in-limit-repository.ts'
import { placeOf, signInLimits } from './sign-in-rules.ts'

interface Attempt {
  readonly username: string
  readonly address: string
}

/** Counts a try before it is made. Throws a 429 once there were too many. */
export async function countAttempt(ctx: Context, { username: name, address }: Attempt): Promise<void> {
  if (!ctx.config.rateLimit) return
  const counted = await repository.countAttempts.all(ctx.db, {
    of: signInLimits.map((limit) => limit.of),
    seconds: signInLimits.map((limit) => limit.seconds),
    name,
    place: placeOf(address),
  })
  const waits = counted
    .filter((row) => signInLimits.some((limit) => limit.of === row.of && row.attempts > limit.attempts))
    .map((row) => row.seconds_left)
  if (waits.length > 0)
    throw tooManyRequests('Too many tries to sign in; wait before the next one.', Math.max(...waits))
}

/** After a right password. The place keeps its wrong tries, or a guesser could clear them with an account of their own. */
export async function forgetAttempts(ctx: Context, { username: name, address }: Attempt): Promise<void> {
  if (!ctx.config.rateLimit) return
  const of = signInLimits.map((limit) => limit.of)
  await repository.forgetAttempts.all(ctx.db, { of, name, place: placeOf(address) })
}
