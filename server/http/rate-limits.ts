// How many calls of the API a user may make in a minute, and an address whose callers nobody knows. Counted in each process: a
// look into memory, since a count that all instances share would cost each call a statement. Signing in has limits of its
// own, which are shared (auth/sign-in-limits.ts).
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { clientNetworkOf } from '../client-network.ts'
import type { Context } from '../context.ts'
import { AppError, tooManyRequests } from '../errors.ts'
import { isExempt } from './exempt-from-limits.ts'
import { limitField, policyField } from './rate-limit-fields.ts'
import { rateWindows } from './rate-windows.ts'

const minute = { seconds: 60, name: 'a minute' }
const hour = { seconds: 3_600, name: 'an hour' }
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
      const tooMany = countOfUser(actor.user_id ?? clientNetworkOf(request.ip), reply)
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

export function limit(policy: string, quota: number, clock: () => number, { seconds, name } = minute) {
  const countIn = rateWindows(clock, seconds * 1000)
  const policyOfAll = policyField(policy, quota, seconds)

  /** Answers with what is to be thrown once there were too many. */
  return (key: number | string, reply: FastifyReply): AppError | undefined => {
    const { calls, endsAt } = countIn(key)
    const secondsLeft = (endsAt - clock()) / 1000
    reply.header('ratelimit-policy', policyOfAll)
    reply.header('ratelimit', limitField(policy, quota - calls, secondsLeft))
    if (calls <= quota) return undefined
    return tooManyRequests(`Too many calls within ${name}`, secondsLeft)
  }
}

/** What a customer may send, who may have signed up by themselves a minute ago: files stay, and take space. */
const formsInAnHour = 60

/** Counts the calls of a customer that bring files, before any of it is read. Throws a 429 once there were too many. */
export function limitFilesOfCustomers(
  app: FastifyInstance,
  { config, clock }: Pick<Context, 'config' | 'clock'>,
) {
  if (!config.rateLimit) return
  const count = limit('files', formsInAnHour, clock, hour)
  app.addHook('preParsing', (request, reply, payload, done) => {
    const { actor, headers, routeOptions } = request
    const brings =
      routeOptions.config.upload !== undefined &&
      actor.role === 'customer' &&
      (headers['content-type'] ?? '').toLowerCase().startsWith('multipart/')
    done(brings ? count(actor.user_id ?? clientNetworkOf(request.ip), reply) : undefined, payload)
  })
}
