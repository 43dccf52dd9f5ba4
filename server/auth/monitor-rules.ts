// Whom the endpoints for monitors let in without a token: a program on this machine that calls by itself, not through a proxy.
import { isLoopback, leadsToLoopback } from '../loopback.ts'
import { comesFromHere } from './anonymous-rules.ts'

export interface Call {
  /** Of the connection itself, whatever a header says. */
  readonly remoteAddress: string | undefined
  readonly httpVersion: string
  readonly headers: Parameters<typeof comesFromHere>[0]
}

/**
 * A proxy on this machine speaks for people elsewhere: where PUBLIC_URL names another machine there is one, and nobody is let in
 * so. One that PUBLIC_URL does not tell of is known by the headers that it adds, or by HTTP/1.0, which no monitor speaks.
 */
export function callsFromThisMachine(
  { remoteAddress = '', httpVersion, headers }: Call,
  publicUrl: string,
): boolean {
  return (
    leadsToLoopback(publicUrl) && isLoopback(remoteAddress) && httpVersion === '1.1' && comesFromHere(headers)
  )
}
