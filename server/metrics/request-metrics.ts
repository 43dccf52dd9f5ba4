// Requests by what was asked, how it ended and how long it took. No label holds what a caller can make up, so that nobody can
// make this grow: a path counts as its pattern in the contract, or as none.
import type { FastifyInstance } from 'fastify'
import { Gauge, Histogram, type Registry } from 'prom-client'

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** A page takes a millisecond or two; a request that takes 15 s is given up. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15]

interface Meter {
  observe(seconds: number): void
}

/** To be called before any hook that may answer, since a request that was refused counts as well. */
export function measureRequests(app: FastifyInstance, registry: Registry) {
  let inProgress = 0
  registry.registerMetric(
    new Gauge({
      name: 'http_requests_in_progress',
      help: 'Requests that are being answered now.',
      registers: [],
      collect() {
        this.set(inProgress)
      },
    }),
  )
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request’s head to the end of its answer; status is aborted when the caller left before it began.',
    labelNames: ['method', 'route', 'status'],
    buckets,
    registers: [registry],
  })

  // To bind the labels anew each time would cost as much again as all the rest (bench: 0.7 µs for a request in all).
  const byStatus = new Map<number | 'aborted', Map<string, Map<string, Meter>>>()
  function meterOf(status: number | 'aborted', route: string, method: string): Meter {
    const byRoute = within(byStatus, status, () => new Map<string, Map<string, Meter>>())
    const byMethod = within(byRoute, route, () => new Map<string, Meter>())
    return within(byMethod, method, () => durations.labels(method, route, String(status)))
  }

  app.addHook('onRequest', (request, reply, done) => {
    inProgress += 1
    const { raw } = reply
    // Comes once for each answer, also for one that the caller did not wait for.
    raw.once('close', () => {
      inProgress -= 1
      const method = methods.has(request.method) ? request.method : 'other'
      const status = raw.headersSent ? raw.statusCode : 'aborted'
      meterOf(status, request.routeOptions.url ?? 'none', method).observe(reply.elapsedTime / 1000)
    })
    done()
  })
}

function within<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
