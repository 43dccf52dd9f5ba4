import {
  archiveRequest,
  assignRequest,
  closeRequest,
  createRequest,
  editRequest,
  getRequest,
  listCustomerRequests,
  listRequestHistory,
  listRequests,
} from '../../contract/index.ts'
import type { Api } from '../http/api.ts'
import * as tickets from './ticket-service.ts'

export function requestRoutes(api: Api) {
  api.route({
    ...createRequest,
    handler: (request) => tickets.create(request.ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...listCustomerRequests,
    handler: async (request) =>
      api.pages.envelope(
        request,
        await tickets.listOfCustomer(request.ctx, request.params.id, request.query, api.pages.query(request)),
      ),
  })
  api.route({
    ...listRequests,
    handler: async (request) =>
      api.pages.envelope(request, await tickets.list(request.ctx, request.query, api.pages.query(request))),
  })
  api.route({
    ...getRequest,
    handler: (request) => tickets.get(request.ctx, request.params.id),
  })
  api.route({
    ...listRequestHistory,
    handler: async (request) =>
      api.pages.envelope(
        request,
        await tickets.history(request.ctx, request.params.id, api.pages.query(request)),
      ),
  })
  api.route({
    ...editRequest,
    handler: (request) => tickets.edit(request.ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...closeRequest,
    handler: (request) => tickets.close(request.ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...archiveRequest,
    handler: (request) => tickets.archive(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...assignRequest,
    handler: (request) =>
      tickets.assign(request.ctx, request.actor, request.params.request_id, request.params.id),
  })
}
