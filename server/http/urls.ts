// The canonical URLs are under /api/v1. The same answer without the version, and a few at the root: one rewrite, no second routes.
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'

const atRoot = /^\/(?:health|livez|readyz|metrics)(?=[/?]|$)/

export function rewriteUrl(request: IncomingMessage): string {
  const url = request.url ?? '/'
  if (url.startsWith('/api/')) return url.startsWith('/api/v1/') ? url : `/api/v1${url.slice(4)}`
  return atRoot.test(url) ? `/api/v1${url}` : url
}

/** The path as the caller wrote it, without its query: queries may hold names and addresses. */
export function pathOf(request: Pick<FastifyRequest, 'originalUrl'>): string {
  return request.originalUrl.split('?', 1)[0] ?? '/'
}
