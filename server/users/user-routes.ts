import { createOperator, getMe, getOperator, listOperators, updateMe } from '../../contract/index.ts'
import type { Api } from '../http/api.ts'
import * as account from './account-service.ts'
import * as operators from './operator-service.ts'

export function userRoutes(api: Api) {
  api.route({
    ...getMe,
    handler: (request) => account.get(request.ctx, request.actor),
  })
  api.route({
    ...updateMe,
    handler: (request) => account.update(request.ctx, request.actor, request.body),
  })
  api.route({
    ...createOperator,
    handler: (request) => operators.create(request.ctx, request.actor, request.body),
  })
  api.route({
    ...listOperators,
    handler: async (request) =>
      api.pages.envelope(request, await operators.list(request.ctx, api.pages.query(request))),
  })
  api.route({
    ...getOperator,
    handler: (request) => operators.get(request.ctx, request.params.id),
  })
}
