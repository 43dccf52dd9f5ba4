import type { FastifyRequest } from 'fastify'
import {
  type Body,
  createOperator,
  createUser,
  disableUser,
  signOutUser,
  enableUser,
  getMe,
  getOperator,
  getUser,
  inviteUser,
  listOperators,
  listUsers,
  updateMe,
  updateUser,
} from '../../contract/index.ts'
import type { Api } from '../http/api.ts'
import { prepared } from '../http/prepared.ts'
import * as account from './account-service.ts'
import * as operators from './operator-service.ts'
import * as users from './user-service.ts'

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
  const firstPassword = prepared((request: FastifyRequest<{ Body: Body<typeof createUser> }>) =>
    users.firstPasswordOf(request.ctx, request.body),
  )
  api.route({
    ...createUser,
    config: { ...createUser.config, prepare: firstPassword.prepare },
    handler: (request) => users.create(request.ctx, request.actor, request.body, firstPassword.of(request)),
  })
  api.route({
    ...listUsers,
    handler: async (request) =>
      api.pages.envelope(request, await users.list(request.ctx, request.query, api.pages.query(request))),
  })
  api.route({
    ...getUser,
    handler: (request) => users.get(request.ctx, request.params.id),
  })
  api.route({
    ...updateUser,
    handler: (request) => users.update(request.ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...signOutUser,
    handler: (request) => users.signOut(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...disableUser,
    handler: (request) => users.disable(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...enableUser,
    handler: (request) => users.enable(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...inviteUser,
    handler: (request) => users.invite(request.ctx, request.actor, request.params.id),
  })
}
