// Which endpoint a request leads to, as far as the product's own rules of URLs go: with or without the version, with or without
// a slash at the end, escaped or not, alone or behind a host.
import type { Endpoint } from '../../../contract/index.ts'
import type { Sent } from './sent.ts'

const atRoot = /^\/(?:health|livez|readyz|metrics)(?=\/?$)/

/** HEAD is GET without a body. Undefined where nothing of the contract is. */
export function endpointServing(
  endpoints: readonly Endpoint[],
  { method, target }: Pick<Sent, 'method' | 'target'>,
): Endpoint | undefined {
  const asked = method === 'HEAD' ? 'GET' : method
  const path = canonical(target)
  return endpoints.find((endpoint) => endpoint.method === asked && patternOf(endpoint.url).test(path))
}

function canonical(target: string): string {
  const path = (target.replace(/^https?:\/\/[^/]*/i, '').split(/[?#\s]/, 1)[0] ?? '').replace(/\/$/, '')
  const versioned = path.startsWith('/api/v1/') ? path : path.replace(/^\/api\//, '/api/v1/')
  const rooted = atRoot.test(versioned) ? `/api/v1${versioned}` : versioned
  try {
    return decodeURI(rooted)
  } catch {
    return rooted
  }
}

const patterns = new Map<string, RegExp>()

function patternOf(url: string): RegExp {
  const known = patterns.get(url)
  if (known) return known
  const made = new RegExp(`^${url.replace(/:\w+/g, '[^/]+')}$`)
  patterns.set(url, made)
  return made
}
