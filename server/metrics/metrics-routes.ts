import type { Registry } from 'prom-client'
import { metrics } from '../../contract/index.ts'
import type { Api } from '../http/api.ts'
import { exposition } from './registry.ts'

export function metricsRoutes(api: Api, registry: Registry) {
  api.route({
    ...metrics,
    handler: async (_request, reply) => {
      reply.type(registry.contentType)
      return exposition(registry)
    },
  })
}
