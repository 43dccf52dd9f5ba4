import {
  archiveCustomer,
  createCustomer,
  getCustomer,
  listCustomerHistory,
  listCustomers,
  restoreCustomer,
  updateCustomer,
} from '../../contract/index.ts'
import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import * as customers from './customer-service.ts'
import { photoRoutes } from './photo-routes.ts'
import { photoUploads } from './photo-uploads.ts'

export function customerRoutes(api: Api, ctx: Context) {
  const photos = photoUploads(ctx)
  photoRoutes(api, photos)
  api.route({
    ...createCustomer,
    config: { ...createCustomer.config, prepare: photos.prepare },
    handler: (request) => customers.create(request.ctx, request.actor, request.body, photos.claim(request)),
    onResponse: photos.tidyUp,
  })
  api.route({
    ...listCustomers,
    handler: async (request) =>
      api.pages.envelope(request, await customers.list(request.ctx, request.query, api.pages.query(request))),
  })
  api.route({
    ...getCustomer,
    handler: (request) => customers.get(request.ctx, request.params.id),
  })
  api.route({
    ...listCustomerHistory,
    handler: async (request) =>
      api.pages.envelope(
        request,
        await customers.history(request.ctx, request.params.id, api.pages.query(request)),
      ),
  })
  api.route({
    ...updateCustomer,
    handler: (request) => customers.update(request.ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...archiveCustomer,
    handler: (request) => customers.archive(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...restoreCustomer,
    handler: (request) => customers.restore(request.ctx, request.actor, request.params.id),
  })
}
