// Every route says who may call it. One that does not stops the server from starting: forgetting is refused, not open.
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

export function requireAccess(app: FastifyInstance) {
  app.addHook('onRoute', (route) => {
    if (route.path.startsWith('/docs')) route.config = { ...route.config, access: 'anyone' }
    if (!route.config?.access)
      throw new Error(`${String(route.method)} ${route.url} does not say who may call it`)
    // What a call takes is all that it takes: an unknown parameter is refused where none is declared, too.
    if (route.url.startsWith('/api/')) {
      const nothing = Type.Object({}, { additionalProperties: false })
      route.schema = { ...route.schema, querystring: route.schema?.querystring ?? nothing }
    }
  })
}
