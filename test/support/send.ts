// Sends one request as a client does, and holds what is answered against the contract: nobody gets an illegal reply unnoticed.
import { endpoints } from '../../contract/index.ts'
import { endpointServing } from './fuzz/served.ts'
import { whyIllegal } from './legal-reply.ts'

export interface Outgoing {
  readonly method?: string
  /** Path and query. Of a whole URL, such as the one of the next page, these two. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RequestInit['body'] | undefined
}

interface Incoming {
  readonly status: number
  readonly headers: Headers
  /** Nothing of an answer that does not end. */
  readonly text: string
  readonly bytes: Buffer
}

/** Throws for a reply that the contract does not allow. */
export async function sendTo(
  url: string,
  { method = 'GET', path, headers = {}, body }: Outgoing,
): Promise<Incoming> {
  const { pathname, search } = new URL(path, url)
  const response = await fetch(new URL(pathname + search, url), { method, headers, body: body ?? null })
  const bytes = await bytesOf(response)
  const reply = { status: response.status, headers: response.headers, bytes, text: bytes.toString() }
  const endpoint = endpointServing(endpoints, { method, target: pathname })
  // Pages for people and their files are no endpoints.
  if (endpoint === undefined && response.ok && !pathname.startsWith('/api/')) return reply
  const fault = whyIllegal(endpoint, { method, reply })
  if (fault !== undefined) throw new Error(`${method} ${path} answered ${fault}`)
  return reply
}

async function bytesOf(response: Response): Promise<Buffer> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream'))
    return Buffer.from(await response.arrayBuffer())
  await response.body?.cancel()
  return Buffer.alloc(0)
}
