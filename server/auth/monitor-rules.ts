// Whom the endpoints for monitors let in without a token: a program on this machine that calls by itself, not through a proxy.
import { isIP } from 'node:net'
import { comesFromHere } from './anonymous-rules.ts'

export interface Call {
  /** Of the connection itself, whatever a header says. */
  readonly remoteAddress: string | undefined
  readonly httpVersion: string
  readonly headers: Parameters<typeof comesFromHere>[0]
}

/**
 * A proxy on this machine speaks for people elsewhere. It is known by the headers that it adds, or by HTTP/1.0, which nginx
 * speaks when it has been told nothing, and no monitor does.
 */
export function callsFromThisMachine({ remoteAddress = '', httpVersion, headers }: Call): boolean {
  return isLoopback(remoteAddress) && httpVersion === '1.1' && comesFromHere(headers)
}

function isLoopback(address: string): boolean {
  const ipv4 = address.replace(/^::ffff:/i, '')
  return address === '::1' || (isIP(ipv4) === 4 && ipv4.startsWith('127.'))
}
