// How the system is: for people, for load balancers and for orchestrators.
import { Type } from 'typebox'
import type { Endpoint } from './endpoint.ts'
import { object, oneOf } from './schema.ts'

const tags = ['System'] as const

const status = oneOf(['ok', 'unavailable'], 'ok, or why a balancer should look elsewhere.')

export const health = {
  method: 'GET',
  url: '/api/v1/health',
  config: { access: 'anyone', exemptFromLimits: true },
  schema: {
    operationId: 'health',
    summary: 'Is the service well?',
    description: 'Answers 503 while the database does not answer. Also at /health.',
    tags,
    response: {
      200: object(
        {
          status,
          version: Type.String({ description: 'Version of Frontdesk.', examples: ['0.1.0'] }),
          database: oneOf(['ok', 'unavailable'], 'Whether the database answers.'),
        },
        { $id: 'Health', description: 'How the service is.' },
      ),
    },
  },
} as const satisfies Endpoint

export const metrics = {
  method: 'GET',
  url: '/api/v1/metrics',
  config: { access: 'admin', monitors: true, exemptFromLimits: true, produces: 'text/plain' },
  schema: {
    operationId: 'metrics',
    summary: 'What does it measure?',
    description:
      'Requests, jobs, connections and the process in the text format of Prometheus. The token may be METRICS_TOKEN instead of a user’s, and a program on the same machine that calls directly needs none. Answers while the database does not. Also at /metrics.',
    tags,
    response: {
      200: Type.String({
        description: 'Text format of Prometheus, version 0.0.4.',
        examples: [
          '# HELP http_requests_in_progress Requests that are being answered now.\n# TYPE http_requests_in_progress gauge\nhttp_requests_in_progress 1\n',
        ],
      }),
    },
  },
} as const satisfies Endpoint

export const livez = {
  method: 'GET',
  url: '/api/v1/livez',
  config: { access: 'anyone', exemptFromLimits: true },
  schema: {
    operationId: 'livez',
    summary: 'Is the process alive?',
    description: 'Touches nothing else. Also at /livez.',
    tags,
    response: { 200: object({ status }, { $id: 'Liveness', description: 'The process answers.' }) },
  },
} as const satisfies Endpoint

export const readyz = {
  method: 'GET',
  url: '/api/v1/readyz',
  config: { access: 'anyone', exemptFromLimits: true },
  schema: {
    operationId: 'readyz',
    summary: 'May traffic come?',
    description:
      'Answers 503 while the database does not answer within half a second, and while stopping. Also at /readyz.',
    tags,
    response: { 200: object({ status }, { $id: 'Readiness', description: 'Traffic may come.' }) },
  },
} as const satisfies Endpoint
