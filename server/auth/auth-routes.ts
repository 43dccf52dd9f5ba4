import { changeMyPassword, createToken, listMyTokens, revokeMyToken, setUp } from '../../contract/index.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import { answeredIn } from '../http/rate-limit-fields.ts'
import { setUpFirstAdmin } from './first-admin-service.ts'
import { changePassword, countPasswordTry, forgetPasswordTries, signIn } from './sign-in-service.ts'
import * as tokens from './token-service.ts'

const callerOf = (request: FastifyRequest, reply: FastifyReply) => ({
  address: request.ip,
  tell: answeredIn(reply),
})

export function authRoutes(api: Api, ctx: Context) {
  const knewTheirPassword = new WeakSet<FastifyRequest>()
  api.route({
    ...createToken,
    handler: (request, reply) =>
      signIn(request.ctx, request.body, { ...callerOf(request, reply), request_id: request.id }),
  })
  api.route({
    ...changeMyPassword,
    // Counted before, and forgotten after: in a transaction of the call both would be undone when it is refused.
    preHandler: (request, reply) => countPasswordTry(ctx, request.actor, callerOf(request, reply)),
    handler: (request) =>
      changePassword(request.ctx, request.actor, request.body, () => knewTheirPassword.add(request)),
    onSend: async (request, reply) => {
      if (!knewTheirPassword.has(request)) return
      // The password is changed by now, and who changed it is told so, whatever becomes of this.
      await forgetPasswordTries(ctx, request.actor, callerOf(request, reply)).catch((error: unknown) =>
        request.log.warn({ err: error }, 'could not forget the tries of a right password'),
      )
    },
  })
  api.route({
    ...listMyTokens,
    handler: async (request) =>
      api.pages.envelope(request, await tokens.list(request.ctx, request.actor, api.pages.query(request))),
  })
  api.route({
    ...revokeMyToken,
    handler: (request) => tokens.revoke(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...setUp,
    handler: (request) => setUpFirstAdmin(request.ctx, request.body, request.id),
  })
}
