// How many calls of the API a user may make in a minute, and an address whose callers nobody knows. Counted in each process: a
// look into memory, since a count that all instances share would cost each call a statement. Signing in has limits of its
// own, which are shared (auth/sign-in-limits.ts).
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Access, Scope } from '../../contract/index.ts'
import { clientNetworkOf } from '../client-network.ts'
import type { Context } from '../context.ts'
import { AppError, tooManyRequests } from '../errors.ts'
import { countedAs } from '../counted-as.ts'
import { isExempt } from './exempt-from-limits.ts'
import { leavesLeast, limitField, policyField } from './rate-limit-fields.ts'
import { rateWindows } from './rate-windows.ts'

const inAMinute = { seconds: 60, refusal: 'Too many calls within a minute' }
const sentInAnHour = { seconds: 3_600, refusal: 'Too much was sent within an hour' }
/** Of a user's limit, what an address has for calls without good credentials: enough to sign in, too little to search with. */
const shareOfAddress = 1 / 5

type Identify = (request: FastifyRequest) => Promise<void>

/**
 * Finds out who is calling, and counts the call: by its user, or by the address it comes from. Throws a 429 once there were
 * too many, also in place of a 401 or 403, so that tokens cannot be guessed any faster.
 */
export function rateLimited({ config, clock }: Context, identify: Identify) {
  if (!config.rateLimit) return identify
  const countOfUser = limit('user', config.apiRateLimit, clock)
  const countOfAddress = limit('address', Math.ceil(config.apiRateLimit * shareOfAddress), clock)

  // What is exempt has no limit for those whom it lets in; guessing a token for it has.
  const count = (request: FastifyRequest, reply: FastifyReply, refused = false) => {
    // Set for a caller without credentials too, where ANONYMOUS_ROLE lets them in.
    const { actor } = request as Partial<FastifyRequest>
    if (actor) {
      const tooMany = countOfUser(countedAs(request), reply)
      if (tooMany && !isExempt(request)) throw tooMany
    } else if (refused || !isExempt(request)) {
      const tooMany = countOfAddress(clientNetworkOf(request.ip), reply)
      if (tooMany) throw tooMany
    }
  }

  return async (request: FastifyRequest, reply: FastifyReply) => {
    try {
      await identify(request)
    } catch (error) {
      // A database that does not answer is nobody's doing.
      if (error instanceof AppError && error.status < 500) count(request, reply, true)
      throw error
    }
    count(request, reply)
  }
}

export function limit(policy: string, quota: number, clock: () => number, { seconds, refusal } = inAMinute) {
  const countIn = rateWindows(clock, seconds * 1000)
  const policyOfAll = policyField(policy, quota, seconds)

  /** Answers with what is to be thrown once there were too many. */
  return (key: number | string, reply: FastifyReply, units = 1): AppError | undefined => {
    const { calls, endsAt } = countIn(key, units)
    const secondsLeft = (endsAt - clock()) / 1000
    if (leavesLeast(reply, quota - calls)) {
      reply.header('ratelimit-policy', policyOfAll)
      reply.header('ratelimit', limitField(policy, quota - calls, secondsLeft))
    }
    if (calls <= quota) return undefined
    return tooManyRequests(refusal, secondsLeft)
  }
}

const kibibyte = 1024

interface Weighed {
  readonly quota: number
  /** In bytes: a call counts once for each of these that its body begins. */
  readonly unit: number
}

/** Of what a customer sends, who may have signed up by themselves a minute ago, an hour's worth: it stays, and takes space. */
const ofCustomers = {
  /** 18.75 MiB of texts. */
  writes: { quota: 1_200, unit: 16 * kibibyte },
  /** 600 MiB of files. */
  files: { quota: 60, unit: 10 * kibibyte ** 2 },
} as const satisfies Record<string, Weighed>

const reads = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Whether what a customer sends there is counted by its size: where it is kept. What names no scope is about their account, and a
 * full hour keeps nobody from signing out or from ending what somebody else holds of theirs.
 */
export const countsWhatIsSent = (
  method: string,
  { access, scope }: { readonly access?: Access | undefined; readonly scope?: Scope | undefined },
) => access === 'customer' && scope !== undefined && !reads.has(method)

declare module 'fastify' {
  interface FastifyRequest {
    /** Told how many bytes the body has, or has at least: where these count, throws a 429 once there were too many. */
    weigh: ((bytes: number) => void) | undefined
  }
}

/** Counts what customers write, once before any of it is read, and then by its size: JSON once it is read, forms as they come. */
export function limitWritesOfCustomers(
  app: FastifyInstance,
  { config, clock }: Pick<Context, 'config' | 'clock'>,
) {
  app.decorateRequest('weigh', undefined)
  if (!config.rateLimit) return
  const weighed = (policy: keyof typeof ofCustomers) => {
    const { quota, unit } = ofCustomers[policy]
    return { count: limit(policy, quota, clock, sentInAnHour), unit }
  }
  const [writes, files] = [weighed('writes'), weighed('files')]

  app.addHook('preParsing', (request, reply, payload, done) => {
    const { actor } = request as Partial<FastifyRequest>
    if (actor?.role !== 'customer' || !countsWhatIsSent(request.method, request.routeOptions.config))
      return done(null, payload)
    const { count, unit } = bringsFiles(request) ? files : writes
    let counted = 0
    const weigh = (bytes: number) => {
      const units = Math.max(1, Math.ceil(bytes / unit)) - counted
      if (units <= 0) return
      counted += units
      const tooMany = count(countedAs(request), reply, units)
      if (tooMany) throw tooMany
    }
    weigh(0)
    request.weigh = weigh
    done(null, payload)
  })
}

const bringsFiles = ({ headers, routeOptions }: FastifyRequest) =>
  routeOptions.config.upload !== undefined &&
  (headers['content-type'] ?? '').toLowerCase().startsWith('multipart/')
