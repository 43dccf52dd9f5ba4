// Who is calling: from `Authorization: Bearer <token>` (or Token, the same thing), or from a browser's cookie, to an actor. Runs
// before any body is read.
import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Actor, Context } from '../context.ts'
import { hashSecret, secretPrefixes } from '../credentials/secrets.ts'
import type { Listener } from '../db/listen.ts'
import { AppError, forbidden, insufficientScope, invalidToken, notRecent, unauthorized } from '../errors.ts'
import { refusalOf } from '../policy.ts'
import { comesFromHere } from './anonymous-rules.ts'
import { type FindHolder, type Holder, recentSeconds } from './holder.ts'
import { callsFromThisMachine } from './monitor-rules.ts'
import { comesFromOwnPage, isSafe } from './own-page-rules.ts'
import { endedCookie, secretInCookies } from './session-cookie.ts'
import * as sessions from './session-service.ts'
import { TokenCache } from './token-cache.ts'
import { findTokenHolder } from './token-repository.ts'

export interface Authentication {
  /**
   * Sets request.actor, or throws: a 401 without good credentials, a 403 for a role or scope that does not reach. Where anyone may
   * call and the caller is optional, there is no actor without credentials.
   */
  authenticate(request: FastifyRequest): Promise<void>
  /** The actor as in this moment, for what only some calls of an endpoint ask; throws a 401 where the password was shown too long ago. */
  recentActor(request: FastifyRequest): Promise<Actor | undefined>
  /** Hears, in every instance, of users disabled and of credentials ended. */
  readonly listener: Listener
  /** Whether the credentials of a call that was let in still stand for the same actor: for an answer that does not end. */
  holds(request: FastifyRequest): Promise<boolean>
  /** To be told when a user may do other things than before; of nobody when it may be anybody. */
  onAccessChange(tell: (userId?: number) => void): void
}

/** `findAccessTokenHolder`: whose token it is of which the module knows nothing, since a client was given it. */
export function authenticationOf(ctx: Context, findAccessTokenHolder: FindHolder): Authentication {
  const cache = new TokenCache(ctx.clock)
  const told: ((userId?: number) => void)[] = []

  const findHolder: FindHolder = (secret) => {
    if (secret.startsWith(secretPrefixes.token))
      return findTokenHolder.first(ctx.db, {
        secret_hash: hashSecret(secret),
        recent_seconds: recentSeconds,
      })
    return findAccessTokenHolder(secret)
  }

  /**
   * `anew`: not as it may be remembered, but as it is in this moment. `watching`: whether it still is; to look is not to use it, or
   * an open stream would keep a session from ever being idle.
   */
  async function holderOf(
    request: FastifyRequest,
    how: 'calling' | 'anew' | 'watching',
  ): Promise<Holder | undefined> {
    const { authorization, cookie } = request.headers
    if (authorization !== undefined) {
      const secret = secretIn(authorization)
      if (secret === undefined) throw unauthorized('Send `Authorization: Bearer <token>`.', 'bad_credentials')
      const look = () => findHolder(secret)
      const holder = await (how === 'anew' ? look() : cache.holder(keyOf('bearer', secret), look))
      if (holder) return holder
      throw unauthorized('This token is unknown, expired or revoked.', 'bad_credentials', invalidToken)
    }
    const secret = secretInCookies(ctx.config.publicUrl, cookie)
    if (secret === undefined) return undefined
    if (!isSafe(request.method) && !comesFromOwnPage(request.headers, ctx.config.publicUrl)) throw forgeable()
    const look = () => sessions.findHolder(ctx, secret, { used: how !== 'watching' })
    // Remembered apart: else a stream's look would hide from the session that it is used.
    const key = keyOf(how === 'watching' ? 'watched cookie' : 'cookie', secret)
    const holder = await (how === 'anew' ? look() : cache.holder(key, look))
    if (holder) return holder
    // Lifting the cookie spares the browser from sending it for two weeks.
    throw unauthorized('You are signed in no more; sign in again.', 'session_ended', {
      'set-cookie': endedCookie(ctx.config.publicUrl),
    })
  }

  function actorOf(request: FastifyRequest, holder: Holder | undefined): Actor | undefined {
    if (!holder) return anonymous(request)
    const { user_id, credential, role, scopes } = holder
    return { user_id, credential, role, scopes, request_id: request.id }
  }

  function anonymous({ id, headers }: FastifyRequest): Actor | undefined {
    const role = ctx.config.anonymousRole
    if (!role || !comesFromHere(headers)) return undefined
    return { user_id: null, credential: null, role, scopes: null, request_id: id }
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
      const { config } = request.routeOptions
      const { access, caller, monitors, ownPage, recent = false, scope, upTo } = config
      if (ownPage && !comesFromOwnPage(request.headers, ctx.config.publicUrl)) throw forgeable()
      if (request.is404 || access === undefined || (monitors && isMonitor(request))) return
      if (access === 'anyone' && caller === undefined) return
      const holder = await holderOf(request, recent ? 'anew' : 'calling')
      const actor = actorOf(request, holder)
      if (!actor && access === 'anyone') return
      if (!actor)
        throw unauthorized(
          'This call needs a token: `Authorization: Bearer <token>`, from POST /api/v1/token.',
        )
      const refusal = refusalOf(actor, { access, upTo, scope })
      if (refusal === 'role')
        throw forbidden(`This call is for the role ${upTo ?? access}; yours is ${actor.role}.`)
      if (refusal === 'scope') throw insufficientScope(scope)
      if (recent && holder && !holder.recent) throw notRecent(recentSeconds)
      request.actor = actor
    },
    async recentActor(request) {
      const holder = await holderOf(request, 'anew')
      if (holder && !holder.recent) throw notRecent(recentSeconds)
      return actorOf(request, holder)
    },
    async holds(request) {
      const held = await holderOf(request, 'watching')
        .then((holder) => actorOf(request, holder))
        .catch((error: unknown) => {
          if (error instanceof AppError && error.status === 401) return undefined
          throw error
        })
      return held !== undefined && isSame(held, request.actor)
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

/** Secrets are not kept in memory, and one kind is never taken for another. */
const keyOf = (kind: 'bearer' | 'cookie' | 'watched cookie', secret: string) =>
  `${kind} ${hashSecret(secret).toString('base64')}`

/** What the call showed leads to the same credential each time, if to any; what may be done by it may have changed. */
const isSame = (one: Actor, other: Actor) =>
  one.role === other.role && String(one.scopes) === String(other.scopes)

const forgeable = () => forbidden('Browsers may send this only from the pages of Frontdesk itself.')

function secretIn(authorization: string): string | undefined {
  return /^(?:Bearer|Token) +([\w.~+/=-]{1,200})$/i.exec(authorization)?.[1]
}
