import { isIP } from 'node:net'

/** True for this very machine: its name for itself, or an address that leads nowhere else (also IPv4 written as IPv6). */
export function isLoopback(host: string): boolean {
  const ipv4 = host.replace(/^::ffff:/i, '')
  return host === 'localhost' || host === '::1' || (isIP(ipv4) === 4 && ipv4.startsWith('127.'))
}

/** The same of a URL's host. */
export function leadsToLoopback(url: string): boolean {
  return isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''))
}
