import {
  archiveRequest,
  assignRequest,
  closeRequest,
  createRequest,
  editRequest,
  getRequest,
  listCustomerRequests,
  listRequests,
} from '../../contract/index.ts'
import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import * as tickets from './ticket-service.ts'

export function requestRoutes(api: Api, ctx: Context) {
  api.route({
    ...createRequest,
    handler: async (request, reply) => {
      const created = await tickets.create(ctx, request.actor, request.params.id, request.body)
      return reply.code(201).header('location', `/api/v1/requests/${created.id}`).send(created)
    },
  })
  api.route({
    ...listCustomerRequests,
    handler: async (request) =>
      api.pages.envelope(
        request,
        await tickets.listOfCustomer(ctx, request.params.id, request.query, api.pages.query(request)),
      ),
  })
  api.route({
    ...listRequests,
    handler: async (request) =>
      api.pages.envelope(request, await tickets.list(ctx, request.query, api.pages.query(request))),
  })
  api.route({
    ...getRequest,
    handler: (request) => tickets.get(ctx, request.params.id),
  })
  api.route({
    ...editRequest,
    handler: (request) => tickets.edit(ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...closeRequest,
    handler: (request) => tickets.close(ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...archiveRequest,
    handler: async (request, reply) => {
      await tickets.archive(ctx, request.actor, request.params.id)
      return reply.code(204).send(null)
    },
  })
  api.route({
    ...assignRequest,
    handler: (request) => tickets.assign(ctx, request.actor, request.params.request_id, request.params.id),
  })
}
