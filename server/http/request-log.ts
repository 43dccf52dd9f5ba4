// One line per request. Paths without their queries, no headers, no bodies: those hold names, addresses and secrets.
import type { FastifyInstance } from 'fastify'
import { pathOf } from './urls.ts'

export function logRequests(app: FastifyInstance) {
  app.addHook('onResponse', (request, reply, done) => {
    request.log.info(
      {
        method: request.method,
        path: pathOf(request),
        route: request.routeOptions.url,
        status: reply.statusCode,
        milliseconds: Math.round(reply.elapsedTime * 10) / 10,
        user_id: request.actor?.user_id ?? null,
      },
      'request',
    )
    done()
  })
}
