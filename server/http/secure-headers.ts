// Headers that every answer bears (OWASP Secure Headers): a browser shows nothing of ours as anything but what it is.
import type { FastifyInstance } from 'fastify'

export const alwaysSent = {
  // For JSON: nothing may be loaded or run on its account. Pages say for themselves what they need.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
} as const

/** One year; only where PUBLIC_URL is https, since a browser would never again reach a desk on http. */
const overTls = { ...alwaysSent, 'strict-transport-security': 'max-age=31536000; includeSubDomains' }

export function secureHeaders(app: FastifyInstance, publicUrl: string) {
  const headers = publicUrl.startsWith('https:') ? overTls : alwaysSent
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers).header('x-request-id', request.id)
    done()
  })
}
