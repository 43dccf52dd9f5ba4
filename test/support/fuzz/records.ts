// What the desk has told so far: ids, places in lists, ETags. Later requests use it, so that they reach records in every state.
import type { Endpoint } from '../../../contract/index.ts'
import { anything } from './valid-values.ts'
import type { Find, Known } from './value.ts'

/** What only its maker may change. */
const authored = ['posts']

/** Few enough that one record is met again and again, in one state after the other. */
const kept = 40

export class Records {
  readonly #ids = new Map<string, number[]>()
  readonly #texts = new Map<string, string[]>()

  /** Finds the id that a caller means; 1 while nothing is known. What is somebody's own is looked for among theirs. */
  findAs =
    (authorization: string | undefined): Find =>
    ({ collection, pick }: Known) =>
      at(this.#ids.get(ownOf(authorization, collection)) ?? this.#ids.get(collection), pick) ?? 1

  /** A path and query to another page of this endpoint's list, if one was seen. */
  link(operationId: string, pick: number): string | undefined {
    return at(this.#texts.get(operationId), pick)
  }

  etag(pick: number): string | undefined {
    return at(this.#texts.get('etag'), pick)
  }

  learn(
    endpoint: Endpoint,
    {
      authorization,
      etag,
      body,
    }: {
      readonly authorization: string | undefined
      readonly etag: string | undefined
      readonly body: unknown
    },
  ) {
    if (etag !== undefined) keep(this.#texts, 'etag', etag)
    if (typeof body !== 'object' || body === null) return
    const noun = collectionOf(endpoint)
    const isOwn = endpoint.url.includes('/me/') || (endpoint.method === 'POST' && authored.includes(noun))
    const collection = isOwn ? ownOf(authorization, noun) : noun
    const records: unknown = 'results' in body ? body.results : [body]
    for (const record of Array.isArray(records) ? records : []) {
      if (typeof record.id !== 'number') continue
      keep(this.#ids, collection, record.id)
      keep(this.#ids, anything, record.id)
      // What is read by an id of its own, and listed in another record alone.
      for (const { id } of record.attachments ?? []) keep(this.#ids, 'attachments', id)
    }
    for (const link of ['next' in body && body.next, 'previous' in body && body.previous]) {
      if (typeof link !== 'string') continue
      const { pathname, search } = new URL(link)
      keep(this.#texts, endpoint.schema.operationId, pathname + search)
    }
  }
}

/** /customers/:id/requests is about requests; POST /customers/:id/restore answers the customer, since it makes nothing. */
function collectionOf({ url, method, config, schema }: Endpoint): string {
  if (config.makes) return `${config.makes}s`
  const words = url.split('/')
  const isVerb = method !== 'GET' && !(201 in schema.response)
  const nouns = words.filter(
    (word, index) => !word.startsWith(':') && !(isVerb && index === words.length - 1),
  )
  return nouns.at(-1) ?? ''
}

/** Where /me/tokens of this caller are kept. */
function ownOf(authorization: string | undefined, noun: string): string {
  return `${noun} of ${authorization}`
}

function at<T>(values: readonly T[] | undefined, pick: number): T | undefined {
  return values?.[Math.floor(pick * values.length)]
}

function keep<T>(lists: Map<string, T[]>, name: string, value: T) {
  const list = lists.get(name) ?? []
  lists.set(name, list)
  if (list.includes(value)) return
  list.push(value)
  if (list.length > kept) list.shift()
}
