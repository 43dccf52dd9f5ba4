import {
  createClient,
  deleteClient,
  getClient,
  listClients,
  listMyGrants,
  revokeMyGrant,
  rotateClientSecret,
  updateClient,
} from '../../contract/index.ts'
import type { Api } from '../http/api.ts'
import * as clients from './client-service.ts'
import * as grants from './grant-service.ts'

export function oauthRoutes(api: Api) {
  api.route({
    ...createClient,
    handler: (request) => clients.create(request.ctx, request.actor, request.body),
  })
  api.route({
    ...listClients,
    handler: async (request) =>
      api.pages.envelope(request, await clients.list(request.ctx, api.pages.query(request))),
  })
  api.route({
    ...getClient,
    handler: (request) => clients.get(request.ctx, request.params.id),
  })
  api.route({
    ...updateClient,
    handler: (request) => clients.update(request.ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...rotateClientSecret,
    handler: (request) => clients.rotateSecret(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...deleteClient,
    handler: (request) => clients.delete(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...listMyGrants,
    handler: async (request) =>
      api.pages.envelope(request, await grants.list(request.ctx, request.actor, api.pages.query(request))),
  })
  api.route({
    ...revokeMyGrant,
    handler: (request) => grants.revoke(request.ctx, request.actor, request.params.id),
  })
}
