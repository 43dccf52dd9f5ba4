// The canonical URLs are under /api/v1. The same answer without the version, and a few at the root: one rewrite, no second routes.
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'

const atRoot = /^\/(?:health|livez|readyz|metrics|oauth\/clients)(?=[/?]|$)/

export function rewriteUrl(request: IncomingMessage): string {
  const url = originForm(request.url ?? '/')
  if (url.startsWith('/api/')) return url.startsWith('/api/v1/') ? url : `/api/v1${url.slice(4)}`
  return atRoot.test(url) ? `/api/v1${url}` : url
}

/** The path as the caller wrote it, without its query: queries may hold names and addresses. */
export function pathOf(request: Pick<FastifyRequest, 'originalUrl'>): string {
  return originForm(request.originalUrl).split('?', 1)[0] ?? '/'
}

/** What is asked of a proxy, `GET http://host/path`, is asked of us (RFC 9112, section 3.2.2); the host is not believed. */
function originForm(url: string): string {
  if (url.startsWith('/')) return url
  const rest = /^https?:\/\/[^/?#]*(.*)$/i.exec(url)?.[1]
  if (rest === undefined) return url
  return rest.startsWith('/') ? rest : `/${rest}`
}
