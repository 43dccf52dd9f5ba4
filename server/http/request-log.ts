// One line per request. Paths without their queries, no headers, no bodies: those hold names, addresses and secrets.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { pathOf } from './urls.ts'

export function logRequests(app: FastifyInstance) {
  app.addHook('onResponse', (request, reply, done) => {
    request.log.info(
      {
        method: request.method,
        path: loggedPath(request),
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

/** What stands for `:uid` names a browser on its way through an authorization, and is in its cookie, too. */
function loggedPath(request: FastifyRequest): string {
  const { url = '' } = request.routeOptions
  return url.endsWith('/:uid') ? url : pathOf(request)
}
