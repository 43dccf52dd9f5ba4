// Reads JSON bodies. PostgreSQL's text holds any Unicode but U+0000 and half of a surrogate pair, so both are refused here,
// for every string at once, with the place where they stand.
import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { badRequest, invalid } from '../errors.ts'
import { requireMediaType } from './media-types.ts'
import { unstorableText } from './text.ts'

/** Bytes. The longest field is 100,000 characters; nothing of ours needs more. */
export const bodyLimit = 512 * 1024

export function readJsonBodies(app: FastifyInstance) {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      // Where no body is taken, that is said of one in JSON; where a file is, that it is none.
      if (request.routeOptions.config.upload) requireMediaType(request, 'application/json')
      request.weigh?.(body.length)
      return parse(body)
    },
  )
}

/** The largest body of ours names a dozen. */
const maxNames = 1_000

/** No body is `undefined`: whether one is needed is the endpoint's schema's to say. */
function parse(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
  if (!isUtf8(bytes)) throw badRequest('not_json', 'The body is not UTF-8.')
  const json = bytes.toString('utf8')
  const value = parseJson(json)
  const names = countNames(json)
  if (names > maxNames)
    throw invalid([{ in: 'body', pointer: '', detail: `must not name more than ${maxNames} fields` }])
  if (names !== countKeys(value)) throw badRequest('duplicate_field', 'The body names a field twice.')
  // Both can stand in valid UTF-8 JSON only as escapes (a raw U+0000 is not JSON), so most bodies need no second look.
  if (/\\u(?:0000|d[89a-f])/i.test(json)) {
    const errors = unstorableText('body', value).slice(0, 20)
    if (errors.length > 0) throw invalid(errors)
  }
  return value
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw badRequest(
      'not_json',
      `The body is not JSON: ${error instanceof Error ? error.message.slice(0, 200) : ''}`,
    )
  }
}

/** How many names of fields stand in a text that is JSON: strings before a colon. */
function countNames(json: string): number {
  let names = 0
  for (const [, colon] of json.matchAll(/"(?:[^"\\]|\\.)*"\s*(:)?/g)) if (colon) names += 1
  return names
}

/** How many of them JSON.parse has kept: of two with one name only the last, and readers differ on which (RFC 8259, section 4). */
function countKeys(value: unknown): number {
  let keys = 0
  const open = [value]
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (typeof item !== 'object' || item === null) continue
    const children = Object.values(item)
    if (!Array.isArray(item)) keys += children.length
    for (const child of children) open.push(child)
  }
  return keys
}
