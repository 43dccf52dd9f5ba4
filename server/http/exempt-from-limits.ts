// Routes that no limit and no overload keeps from answering: what balancers and orchestrators ask, above all when much is going
// on, and pages and files, which need nothing but memory that is there already.
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Before the routes. Endpoints say it for themselves (`exemptFromLimits`); what else is not under /api/ is a page or a file. */
export function exemptPages(app: FastifyInstance) {
  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api/')) route.config = { exemptFromLimits: true, ...route.config }
  })
}

export function isExempt(request: FastifyRequest): boolean {
  return request.routeOptions.config.exemptFromLimits === true
}
