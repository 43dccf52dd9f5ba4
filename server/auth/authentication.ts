// Who is calling: from `Authorization: Bearer <token>` (or Token, the same thing) to an actor. Runs before any body is read.
import type { FastifyRequest } from 'fastify'
import { atLeast } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { listen, type Listening } from '../db/listen.ts'
import type { ConnectionOptions } from '../db/database.ts'
import { forbidden, unauthorized } from '../errors.ts'
import { comesFromHere } from './anonymous-rules.ts'
import { hashSecret } from './secrets.ts'
import { TokenCache } from './token-cache.ts'
import { findTokenHolder } from './token-repository.ts'

export interface Authentication {
  /** Sets request.actor, or throws: a 401 without good credentials, a 403 for a role below the route's. */
  authenticate(request: FastifyRequest): Promise<void>
  /** Opens the line on which every instance hears of users disabled and tokens revoked. */
  hearChanges(connection: ConnectionOptions): Promise<Listening>
}

export function authenticationOf(ctx: Context): Authentication {
  const cache = new TokenCache(ctx.clock)

  async function actorOf(request: FastifyRequest): Promise<Actor | undefined> {
    const header = request.headers.authorization
    if (header === undefined) return anonymous(request)
    const [, secret] = /^(?:Bearer|Token) +([\w.~+/=-]{1,200})$/i.exec(header) ?? []
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

  return {
    async authenticate(request) {
      const access = request.routeOptions.config.access
      if (access === 'anyone') return
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
    hearChanges: (connection) =>
      listen(
        connection,
        {
          channel: 'access_changed',
          onMessage: (userId) => cache.forgetUser(Number(userId)),
          onListening: (listening) => cache.setListening(listening),
        },
        ctx.log,
      ),
  }
}
