// Holds sign-ins, and what else an account depends on, to the tables of sign-in-rules.ts. Counted in the database, in one atomic statement, so that every instance
// counts the same; by the name as typed, so that a name that nobody has is limited like any other.
import { clientNetworkOf } from '../client-network.ts'
import type { Context } from '../context.ts'
import { tooManyRequests } from '../errors.ts'
import type { Allowance } from '../rate-limit-allowance.ts'
import * as repository from './sign-in-limit-repository.ts'
import { limitOf, type Tries, type TryLimits, signInLimits, tightest } from './sign-in-rules.ts'

interface Attempt {
  /** Whose account it is about, as typed; or the device that is known. */
  readonly username: string
  readonly address: string
  /** To be told what is left of the tightest limit. */
  readonly tell?: (allowance: Allowance) => void
}

/** Counts a try before it is made. Throws a 429 once there were too many. */
export async function countAttempt(ctx: Context, attempt: Attempt, limits = signInLimits): Promise<void> {
  if (!ctx.config.rateLimit) return
  const { username: name, tell } = attempt
  const network = clientNetworkOf(attempt.address)
  const closed = closedNetworksOf(ctx.db, limits)
  const closedUntil = closed.get(network) ?? 0
  if (closedUntil > ctx.clock())
    throw refused(limits, [triedTooOften((closedUntil - ctx.clock()) / 1000)], tell)

  const counted = await repository.countAttempts.all(ctx.db, {
    ...columnsOf(limits.limits),
    seconds: limits.limits.map((limit) => limit.seconds),
    name,
    network,
  })
  const over = counted.filter((tries) => tries.attempts > limitOf(limits, tries).attempts)
  if (over.length === 0) return tell?.(tightest(limits, counted))
  const ofAddress = over.find((tries) => tries.of === 'address')
  if (ofAddress) {
    if (closed.size >= closedAtMost) closed.clear()
    closed.set(network, ctx.clock() + Math.min(ofAddress.seconds_left, closedForSeconds) * 1000)
  }
  throw refused(limits, over, tell)
}

const columnsOf = (limits: TryLimits['limits']) => ({
  of: limits.map((limit) => limit.of),
  policies: limits.map((limit) => limit.policy),
})

function refused(limits: TryLimits, over: readonly Tries[], tell: Attempt['tell']) {
  const allowance = tightest(limits, over)
  tell?.(allowance)
  return tooManyRequests(limits.refusal, allowance.secondsLeft)
}

const triedTooOften = (seconds_left: number): Tries => ({ of: 'address', attempts: Infinity, seconds_left })

// An address that is over its limit is remembered for a minute, or refusing it would cost the database three rows a try.
const closedForSeconds = 60
const closedAtMost = 10_000
const closedNetworks = new WeakMap<Context['db'], Map<TryLimits, Map<string, number>>>()

function closedNetworksOf(db: Context['db'], limits: TryLimits): Map<string, number> {
  const byLimits = closedNetworks.get(db) ?? new Map<TryLimits, Map<string, number>>()
  closedNetworks.set(db, byLimits)
  const closed = byLimits.get(limits) ?? new Map<string, number>()
  byLimits.set(limits, closed)
  return closed
}

/** After a right password. The address keeps its wrong tries, or a guesser could clear them with an account of their own. */
export async function forgetAttempts(
  ctx: Context,
  { username: name, address, tell }: Attempt,
  limits = signInLimits,
): Promise<void> {
  if (!ctx.config.rateLimit) return
  const network = clientNetworkOf(address)
  const kept = await repository.forgetAttempts.all(ctx.db, { ...columnsOf(limits.limits), name, network })
  const forgotten = ofName(limits).map(({ of, seconds }) => ({ of, attempts: 0, seconds_left: seconds }))
  tell?.(tightest(limits, [...forgotten, ...kept]))
}

/** After a new password that no try led to, such as one by a mailed link: of the address nothing is taken out. */
export async function forgetAttemptsForName(
  ctx: Context,
  { username: name, address }: Pick<Attempt, 'username' | 'address'>,
): Promise<void> {
  if (!ctx.config.rateLimit) return
  const network = clientNetworkOf(address)
  await repository.forgetAttempts.all(ctx.db, { ...columnsOf(ofName(signInLimits)), name, network })
}

const ofName = ({ limits }: TryLimits) => limits.filter((limit) => limit.of !== 'address')
