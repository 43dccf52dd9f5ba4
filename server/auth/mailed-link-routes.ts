import {
  acceptInvitation,
  changeMyEmail,
  confirmEmail,
  forgotPassword,
  resetPassword,
} from '../../contract/index.ts'
import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import { callerOf } from './caller.ts'
import * as mailedLinks from './mailed-link-service.ts'

export function mailedLinkRoutes(api: Api, ctx: Context) {
  api.route({
    ...forgotPassword,
    handler: (request, reply) => mailedLinks.forgot(request.ctx, request.body, callerOf(request, reply)),
  })
  api.route({
    ...resetPassword,
    handler: (request, reply) => mailedLinks.reset(request.ctx, request.body, callerOf(request, reply)),
  })
  api.route({
    ...acceptInvitation,
    handler: (request, reply) => mailedLinks.accept(request.ctx, request.body, callerOf(request, reply)),
  })
  api.route({
    ...changeMyEmail,
    preHandler: (request, reply) => mailedLinks.countEmailChange(ctx, request.body, callerOf(request, reply)),
    handler: (request) => mailedLinks.changeEmail(request.ctx, request.actor, request.body),
  })
  api.route({
    ...confirmEmail,
    handler: (request, reply) =>
      mailedLinks.confirm(request.ctx, request.actor, request.body, callerOf(request, reply)),
  })
}
