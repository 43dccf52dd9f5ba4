// Who is calling: from `Authorization: Bearer <token>` (or Token, the same thing) to an actor. Runs before any body is read.
import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { atLeast } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import type { Listener } from '../db/listen.ts'
import { AppError, forbidden, unauthorized } from '../errors.ts'
import { comesFromHere } from './anonymous-rules.ts'
import { callsFromThisMachine } from './monitor-rules.ts'
import { hashSecret } from './secrets.ts'
import { TokenCache } from './token-cache.ts'
import { findTokenHolder } from './token-repository.ts'

export interface Authentication {
  /** Sets request.actor, or throws: a 401 without good credentials, a 403 for a role below the route's. */
  authenticate(request: FastifyRequest): Promise<void>
  /** Hears, in every instance, of users disabled and tokens revoked. */
  readonly listener: Listener
  /** Whether the credentials of a call that was let in still stand for the same actor: for an answer that does not end. */
  holds(request: FastifyRequest): Promise<boolean>
  /** To be told when a user may do other things than before; of nobody when it may be anybody. */
  onAccessChange(tell: (userId?: number) => void): void
}

export function authenticationOf(ctx: Context): Authentication {
  const cache = new TokenCache(ctx.clock)
  const told: ((userId?: number) => void)[] = []

  async function actorOf(request: FastifyRequest): Promise<Actor | undefined> {
    const header = request.headers.authorization
    if (header === undefined) return anonymous(request)
    const secret = secretIn(header)
    if (secret === undefined) throw unauthorized('Send `Authorization: Bearer <token>`.', 'bad_credentials')
    const secret_hash = hashSecret(secret)
    const holder = await cache.holder(secret_hash.toString('base64'), () =>
      findTokenHolder.first(ctx.db, { secret_hash }),
    )
    if (!holder)
      throw unauthorized('This token is unknown, expired or revoked.', 'bad_credentials', 'invalid_token')
    return { user_id: holder.user_id, token_id: holder.token_id, role: holder.role, request_id: request.id }
  }

  function anonymous({ id, headers }: FastifyRequest): Actor | undefined {
    const role = ctx.config.anonymousRole
    if (!role || !comesFromHere(headers)) return undefined
    return { user_id: null, token_id: null, role, request_id: id }
  }

  const metricsToken = ctx.config.metricsToken === undefined ? undefined : hashSecret(ctx.config.metricsToken)

  /** Whoever shows credentials is judged by them, from wherever the call comes. */
  function isMonitor({ headers, socket, raw }: FastifyRequest): boolean {
    const { httpVersion } = raw
    if (headers.authorization === undefined) {
      const call = { remoteAddress: socket.remoteAddress, httpVersion, headers }
      return callsFromThisMachine(call, ctx.config.publicUrl)
    }
    const secret = secretIn(headers.authorization)
    if (secret === undefined || metricsToken === undefined) return false
    return timingSafeEqual(hashSecret(secret), metricsToken)
  }

  return {
    async authenticate(request) {
      const { access, monitors } = request.routeOptions.config
      if (request.is404 || access === 'anyone' || (monitors && isMonitor(request))) return
      const actor = await actorOf(request)
      if (!actor)
        throw unauthorized(
          'This call needs a token: `Authorization: Bearer <token>`, from POST /api/v1/token.',
        )
      if (access !== undefined && !atLeast(actor.role, access)) {
        throw forbidden(`This call is for the role ${access}; yours is ${actor.role}.`)
      }
      request.actor = actor
    },
    async holds(request) {
      const actor = await actorOf(request).catch((error: unknown) => {
        if (error instanceof AppError && error.status === 401) return undefined
        throw error
      })
      return actor?.token_id === request.actor.token_id && actor.role === request.actor.role
    },
    onAccessChange: (tell) => void told.push(tell),
    listener: {
      channel: 'access_changed',
      onMessage(userId) {
        cache.forgetUser(Number(userId))
        for (const tell of told) tell(Number(userId))
      },
      onListening(listening) {
        cache.setListening(listening)
        for (const tell of told) tell()
      },
    },
  }
}

function secretIn(authorization: string): string | undefined {
  return /^(?:Bearer|Token) +([\w.~+/=-]{1,200})$/i.exec(authorization)?.[1]
}
