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
import * as requests from './request-service.ts'

export function requestRoutes(api: Api) {
  api.route({
    ...createRequest,
    handler: (request) => requests.create(request.ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...listCustomerRequests,
    handler: async (request) =>
      api.pages.envelope(
        request,
        await requests.listOfCustomer(
          request.ctx,
          request.params.id,
          request.query,
          api.pages.query(request),
        ),
      ),
  })
  api.route({
    ...listRequests,
    handler: async (request) =>
      api.pages.envelope(request, await requests.list(request.ctx, request.query, api.pages.query(request))),
  })
  api.route({
    ...getRequest,
    handler: (request) => requests.get(request.ctx, request.params.id),
  })
  api.route({
    ...listRequestHistory,
    handler: async (request) =>
      api.pages.envelope(
        request,
        await requests.history(request.ctx, request.params.id, api.pages.query(request)),
      ),
  })
  api.route({
    ...editRequest,
    handler: (request) => requests.edit(request.ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...closeRequest,
    handler: (request) => requests.close(request.ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...archiveRequest,
    handler: (request) => requests.archive(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...assignRequest,
    handler: (request) =>
      requests.assign(request.ctx, request.actor, request.params.request_id, request.params.id),
  })
}
