import { changeMyPassword, createToken, listMyTokens, revokeMyToken, setUp } from '../../contract/index.ts'
import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import { setUpFirstAdmin } from './first-admin-service.ts'
import { changePassword, signIn } from './sign-in-service.ts'
import * as tokens from './token-service.ts'

export function authRoutes(api: Api, ctx: Context) {
  api.route({
    ...createToken,
    handler: (request) => signIn(ctx, request.body, { request_id: request.id, address: request.ip }),
  })
  api.route({
    ...changeMyPassword,
    handler: async (request, reply) => {
      await changePassword(ctx, request.actor, request.body, request.ip)
      return reply.code(204).send(null)
    },
  })
  api.route({
    ...listMyTokens,
    handler: async (request) =>
      api.pages.envelope(request, await tokens.list(ctx, request.actor, api.pages.query(request))),
  })
  api.route({
    ...revokeMyToken,
    handler: async (request, reply) => {
      await tokens.revoke(ctx, request.actor, request.params.id)
      return reply.code(204).send(null)
    },
  })
  api.route({
    ...setUp,
    handler: async (request, reply) => {
      const admin = await setUpFirstAdmin(ctx, request.body, request.id)
      return reply.code(201).header('location', '/api/v1/me').send(admin)
    },
  })
}
