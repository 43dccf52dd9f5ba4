import {
  archiveCustomer,
  createCustomer,
  getCustomer,
  listCustomers,
  restoreCustomer,
  updateCustomer,
} from '../../contract/index.ts'
import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import * as customers from './customer-service.ts'

export function customerRoutes(api: Api, ctx: Context) {
  api.route({
    ...createCustomer,
    handler: async (request, reply) => {
      const customer = await customers.create(ctx, request.actor, request.body)
      return reply.code(201).header('location', `/api/v1/customers/${customer.id}`).send(customer)
    },
  })
  api.route({
    ...listCustomers,
    handler: async (request) =>
      api.pages.envelope(request, await customers.list(ctx, request.query, api.pages.query(request))),
  })
  api.route({
    ...getCustomer,
    handler: (request) => customers.get(ctx, request.params.id),
  })
  api.route({
    ...updateCustomer,
    handler: (request) => customers.update(ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...archiveCustomer,
    handler: async (request, reply) => {
      await customers.archive(ctx, request.actor, request.params.id)
      return reply.code(204).send(null)
    },
  })
  api.route({
    ...restoreCustomer,
    handler: (request) => customers.restore(ctx, request.actor, request.params.id),
  })
}
