import { createOperator, getMe, getOperator, listOperators, updateMe } from '../../contract/index.ts'
import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import * as account from './account-service.ts'
import * as operators from './operator-service.ts'

export function userRoutes(api: Api, ctx: Context) {
  api.route({
    ...getMe,
    handler: (request) => account.get(ctx, request.actor),
  })
  api.route({
    ...updateMe,
    handler: (request) => account.update(ctx, request.actor, request.body),
  })
  api.route({
    ...createOperator,
    handler: async (request, reply) => {
      const operator = await operators.create(ctx, request.actor, request.body)
      return reply.code(201).header('location', `/api/v1/operators/${operator.id}`).send(operator)
    },
  })
  api.route({
    ...listOperators,
    handler: async (request) =>
      api.pages.envelope(request, await operators.list(ctx, api.pages.query(request))),
  })
  api.route({
    ...getOperator,
    handler: (request) => operators.get(ctx, request.params.id),
  })
}
