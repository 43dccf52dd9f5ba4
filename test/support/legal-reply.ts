// What a reply may be: the one place that holds what came back against the contract. Whoever calls an endpoint in a test asks here.
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { TObject } from 'typebox'
import { type Endpoint, hal, hasLinks, Problem, typesProduced, withLinks } from '../../contract/index.ts'
import { openapiDocument } from '../../server/http/openapi.ts'
import { alwaysSent } from '../../server/http/secure-headers.ts'

export interface Received {
  readonly status: number
  /** By name in lower case, as fetch's Headers and a Map both answer. */
  readonly headers: { get(name: string): string | null | undefined; has(name: string): boolean }
  readonly text: string
}

/** What each of these cannot be without. */
const needed: Readonly<Record<number, string>> = {
  201: 'location',
  401: 'www-authenticate',
  405: 'allow',
  429: 'retry-after',
  503: 'retry-after',
}

/** Any call may be refused with these, whatever it is: what was sent is no request of ours at all. */
const refusals: readonly number[] = [400, 405, 408, 413, 415, 417, 422, 431]

/** Says what about a reply is against the contract; undefined for a legal one. Without an endpoint nothing but a problem is legal. */
export function whyIllegal(
  endpoint: Endpoint | undefined,
  { method, reply }: { readonly method: string; readonly reply: Received },
): string | undefined {
  const { status, headers, text } = reply
  if (status >= 500 && status !== 503) return `the status ${status}: ${text.slice(0, 500)}`
  const missing = [...Object.keys(alwaysSent), 'x-request-id', needed[status] ?? []].flat()
  const forgotten = missing.find((name) => !headers.has(name))
  if (forgotten !== undefined) return `no ${forgotten} with ${status}`
  if (status < 400 && endpoint === undefined) return `${status} where there is no endpoint`
  const declared = endpoint && (status in endpoint.schema.response || announced(endpoint).includes(status))
  if (endpoint && !declared && !refusals.includes(status))
    return `${status}, which the contract does not know`
  if ((status === 204 || status === 304) && (text !== '' || Number(headers.get('content-length') ?? 0) > 0))
    return `a body with ${status}`
  if (status === 304) return undefined
  return whyIllegalBody(endpoint, { method, reply })
}

function whyIllegalBody(
  endpoint: Endpoint | undefined,
  { method, reply: { status, headers, text } }: { readonly method: string; readonly reply: Received },
): string | undefined {
  const type = headers.get('content-type')?.split(';')[0] ?? undefined
  if (!mediaTypes(endpoint, status).includes(type)) return `${status} as ${type}`
  if (status === 204) return undefined
  if (method === 'HEAD') return text === '' ? undefined : `a body with HEAD and ${status}`
  if (type === 'text/event-stream') return undefined // never ends, so nobody has it
  const given: unknown = /[/+]json$/.test(type ?? '') ? parse(text) : text
  if (given === undefined) return `no JSON with ${status}: ${text.slice(0, 200)}`
  const schema = endpoint?.schema.response[status]
  const check = validatorOf(status >= 400 ? Problem : type === hal ? linked(schema) : schema)
  if (!check(given))
    return `a body that its schema does not allow: ${ajv.errorsText(check.errors)} in ${text.slice(0, 1_000)}`
  return status < 400 ? undefined : whyIllegalProblem(status, headers, given)
}

function mediaTypes(endpoint: Endpoint | undefined, status: number): readonly (string | undefined)[] {
  if (status >= 400) return ['application/problem+json']
  if (status === 204) return [undefined]
  if (!endpoint) return ['application/json']
  const produced = typesProduced(endpoint)
  return hasLinks(endpoint) ? [...produced, hal] : produced
}

const withTheirLinks = new Map<unknown, TObject>()

/** The schema of the representation with links; the same one each time, as validatorOf knows it by that. */
function linked(schema: unknown): TObject {
  const made = withTheirLinks.get(schema) ?? withLinks(schema as TObject)
  withTheirLinks.set(schema, made)
  return made
}

function whyIllegalProblem(
  status: number,
  headers: Received['headers'],
  problem: unknown,
): string | undefined {
  const told = problem as { readonly status: number; readonly request_id: string }
  if (told.status !== status) return `a problem that says ${told.status} with ${status}`
  // An answer that was kept is the first one to the letter, its call's name included.
  const isReplay = headers.has('idempotency-replayed')
  if (!isReplay && told.request_id !== headers.get('x-request-id'))
    return `a problem that bears another request's id with ${status}`
  return undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const ajv = new Ajv({ strict: false, allErrors: true })
addFormats.default(ajv)

const validators = new Map<unknown, ValidateFunction>()

function validatorOf(schema: unknown): ValidateFunction {
  const known = validators.get(schema)
  if (known) return known
  const made = ajv.compile(withoutNames(schema))
  validators.set(schema, made)
  return made
}

/** A named schema may stand in several others; here each stands for itself. */
function withoutNames(schema: unknown): object {
  return JSON.parse(JSON.stringify(schema, (key, value) => (key === '$id' ? undefined : value)))
}

const announcements = new Map<Endpoint, readonly number[]>()

/** The statuses that the documentation tells of. */
function announced(endpoint: Endpoint): readonly number[] {
  const known = announcements.get(endpoint)
  if (known) return known
  const document = openapiDocument([endpoint], { version: '', publicUrl: 'http://desk.test' })
  const paths = Object.values(document['paths'] as Record<string, Record<string, { responses: object }>>)
  const operation = paths[0]?.[endpoint.method.toLowerCase()]
  const statuses = Object.keys(operation?.responses ?? {}).map(Number)
  announcements.set(endpoint, statuses)
  return statuses
}
