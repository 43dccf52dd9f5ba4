// Holds sign-ins to the table of sign-in-rules.ts. Counted in the database, in one atomic statement, so that every instance
// counts the same; by the name as typed, so that a name that nobody has is limited like any other.
import { clientNetworkOf } from '../client-network.ts'
import type { Context } from '../context.ts'
import { tooManyRequests } from '../errors.ts'
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
  const network = clientNetworkOf(attempt.address)
  const closed = closedNetworksOf(ctx.db)
  const closedUntil = closed.get(network) ?? 0
  if (closedUntil > ctx.clock()) throw refused([triedTooOften((closedUntil - ctx.clock()) / 1000)], tell)

  const counted = await repository.countAttempts.all(ctx.db, {
    of: signInLimits.map((limit) => limit.of),
    seconds: signInLimits.map((limit) => limit.seconds),
    name,
    network,
  })
  const over = counted.filter((tries) => tries.attempts > limitOf(tries).attempts)
  if (over.length === 0) return tell?.(tightest(counted))
  const ofAddress = over.find((tries) => tries.of === 'address')
  if (ofAddress) {
    if (closed.size >= closedAtMost) closed.clear()
    closed.set(network, ctx.clock() + Math.min(ofAddress.seconds_left, closedForSeconds) * 1000)
  }
  throw refused(over, tell)
}

function refused(over: readonly Tries[], tell: Attempt['tell']) {
  const allowance = tightest(over)
  tell?.(allowance)
  return tooManyRequests('Too many tries to sign in; wait before the next one.', allowance.secondsLeft)
}

const triedTooOften = (seconds_left: number): Tries => ({ of: 'address', attempts: Infinity, seconds_left })

// An address that is over its limit is remembered for a minute, or refusing it would cost the database three rows a try.
const closedForSeconds = 60
const closedAtMost = 10_000
const closedNetworks = new WeakMap<Context['db'], Map<string, number>>()

function closedNetworksOf(db: Context['db']): Map<string, number> {
  const closed = closedNetworks.get(db) ?? new Map<string, number>()
  closedNetworks.set(db, closed)
  return closed
}

/** After a right password. The address keeps its wrong tries, or a guesser could clear them with an account of their own. */
export async function forgetAttempts(
  ctx: Context,
  { username: name, address, tell }: Attempt,
): Promise<void> {
  if (!ctx.config.rateLimit) return
  const of = signInLimits.map((limit) => limit.of)
  const kept = await repository.forgetAttempts.all(ctx.db, { of, name, network: clientNetworkOf(address) })
  const forgotten = signInLimits
    .filter((limit) => limit.of !== 'address')
    .map(({ of, seconds }) => ({ of, attempts: 0, seconds_left: seconds }))
  tell?.(tightest([...forgotten, ...kept]))
}
