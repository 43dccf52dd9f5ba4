// How what a use case answers leaves: with the status that the contract names, a record with its ETag and Location, and with links
// for who asks for them.
import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  type Endpoint,
  hal,
  hasLinks,
  isConditionalRead,
  linkTo,
  type RecordName,
  recordOf,
  recordOfPage,
  records,
} from '../../contract/index.ts'
import { entityTag, namesTag, namesVersion } from './entity-tags.ts'
import { creationFor, pageWithLinks, prefersHal, recordWithLinks } from './hal.ts'
import { stale } from './preconditions.ts'
import type { RecordDefinitions } from './records.ts'

export interface Presented {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** A value for the contract's serializer, or the text itself; null for no body. */
  readonly payload: unknown
}

export type Present = (request: FastifyRequest, reply: FastifyReply, value: unknown) => Presented

type Json = Readonly<Record<string, unknown>>

/** Throws a 412 for a read whose If-Match names another version. */
export function presenting(endpoint: Endpoint, definitions: RecordDefinitions): Present {
  const [[code, schema] = ['200', undefined]] = Object.entries(endpoint.schema.response)
  const status = Number(code)
  const record = recordOf(schema)
  const { makes } = endpoint.config
  const listing = { name: recordOfPage(schema), create: creationFor(endpoint) }
  const linkable = hasLinks(endpoint)
  const conditional = isConditionalRead(endpoint)

  function withLinks(request: FastifyRequest, reply: FastifyReply, value: unknown): string {
    // Serialised by the contract first: what it does not name is left out of this representation, too.
    const plain = JSON.parse(asText(reply, status, value)) as Json
    return JSON.stringify(
      record
        ? recordWithLinks(definitions, record, request.actor, plain, value as Json)
        : pageWithLinks(definitions, listing, request, plain, value as Json),
    )
  }

  return (request, reply, value) => {
    if (status === 204) return { status, headers: {}, payload: null }
    if (makes) return { status, headers: { location: locationOf(makes, value) }, payload: value }
    if (!linkable && !record) return { status, headers: {}, payload: value }
    const { accept, 'if-match': match, 'if-none-match': noneMatch } = request.headers
    const text = linkable && prefersHal(accept) ? withLinks(request, reply, value) : undefined
    const headers: Record<string, string> = { vary: 'accept' }
    if (text !== undefined) headers['content-type'] = `${hal}; charset=utf-8`
    if (!record) return { status, headers, payload: text ?? value }

    const { version } = value as { version: number }
    headers['etag'] = entityTag(version, text)
    if (status === 201) headers['location'] = locationOf(record, value)
    if (conditional && match !== undefined && !namesVersion(match, version)) throw stale(version, request)
    if (conditional && noneMatch !== undefined && namesTag(noneMatch, headers['etag'])) {
      const { etag, vary = '' } = headers
      return { status: 304, headers: { etag, vary }, payload: null }
    }
    return { status, headers, payload: text ?? value }
  }
}

/** Where what was made is read. */
function locationOf(record: RecordName, made: unknown): string {
  const { id } = made as { id: number }
  return linkTo({ to: records[record].read, params: { id } }).href
}

/** As the contract's serializer of this status writes it. */
export function asText(reply: FastifyReply, status: number, payload: unknown): string {
  if (payload === null || typeof payload === 'string') return payload ?? ''
  return String(reply.serializeInput(payload as Json, String(status)))
}
