// What counts as one address that calls come from.
import { isIPv4, isIPv6 } from 'node:net'

/** One IPv4 address, or the /64 that a household or a server has of IPv6. */
export function clientNetworkOf(address: string): string {
  if (!isIPv6(address)) return address
  const mapped = address.slice(address.lastIndexOf(':') + 1)
  if (isIPv4(mapped)) return mapped
  const [head = '', tail] = address.toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail ? tail.split(':') : []
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0')
  const groups = [...before, ...zeros, ...after].slice(0, 4)
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')
}
