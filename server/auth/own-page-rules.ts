// Whether a browser sends something on behalf of one of our own pages, and not of another site's: cookies come with both.
import { leadsToLoopback } from '../loopback.ts'
import { comesFromHere } from './anonymous-rules.ts'

type Headers = Parameters<typeof comesFromHere>[0]

/**
 * Every browser of today names the origin of what changes something, and most say how it relates to ours. What names none is no
 * page, and needs no cookie. On this machine alone, without TLS, a desk has several names.
 */
export function comesFromOwnPage(headers: Headers, publicUrl: string): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin === undefined || (site !== undefined && site !== 'same-origin')) return false
  if (origin === new URL(publicUrl).origin) return true
  return publicUrl.startsWith('http:') && leadsToLoopback(publicUrl) && comesFromHere(headers)
}

/** Methods that change nothing (RFC 9110, section 9.2.1). */
export const isSafe = (method: string) => method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
