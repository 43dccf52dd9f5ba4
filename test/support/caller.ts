// Calls endpoints for real, and holds every reply against the contract: no test can get an undeclared answer unnoticed.
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { type Endpoint, type Input, Problem, type Reply, requestFor } from '../../contract/index.ts'
import type { Static } from 'typebox'

export interface Answer<Body> {
  readonly status: number
  readonly headers: Headers
  /** What a success holds. */
  readonly body: Body
  /** What a failure holds. */
  readonly problem: Static<typeof Problem>
}

export type Caller = <E extends Endpoint>(
  endpoint: E,
  input: Input<E>,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer<Reply<E>>>

export function callerOf(url: string, always: Readonly<Record<string, string>>): Caller {
  return async <E extends Endpoint>(endpoint: E, input: Input<E>, headers = {}) => {
    const { method, path, headers: own, body } = requestFor(endpoint, input)
    const response = await fetch(new URL(path, url), {
      method,
      headers: { ...own, ...always, ...headers },
      body: body ?? null,
    })
    const text = await response.text()
    const answer: unknown = text === '' ? null : JSON.parse(text)
    refuseUndeclared(endpoint, response, answer)
    return {
      status: response.status,
      headers: response.headers,
      body: answer as Reply<E>,
      problem: answer as Static<typeof Problem>,
    }
  }
}

const ajv = new Ajv({ strict: false, allErrors: true })
addFormats.default(ajv)

/** Throws when a reply is not what the contract says of its status. */
export function refuseUndeclared(endpoint: Endpoint, response: Response, answer: unknown) {
  const { status } = response
  const name = `${endpoint.method} ${endpoint.url} answered ${status}`
  if (status >= 500 && status !== 503) throw new Error(`${name}: ${JSON.stringify(answer)}`)
  if (status === 201 && !response.headers.has('location')) throw new Error(`${name} without a Location`)
  const schema = status >= 400 ? Problem : endpoint.schema.response[status]
  if (!schema) throw new Error(`${name}, which the contract does not know`)
  const type = response.headers.get('content-type')?.split(';')[0]
  const expected =
    status === 204 ? undefined : status >= 400 ? 'application/problem+json' : 'application/json'
  if (type !== expected) throw new Error(`${name} as ${type}`)
  const { $id: _, ...anonymous } = schema as { $id?: string }
  if (!ajv.validate(withoutNames(anonymous), answer)) {
    throw new Error(
      `${name} with a body that the contract does not allow: ${ajv.errorsText()} in ${JSON.stringify(answer)}`,
    )
  }
}

/** A named schema may stand in several others; here each stands for itself. */
function withoutNames(schema: unknown): object {
  return JSON.parse(JSON.stringify(schema, (key, value) => (key === '$id' ? undefined : value)))
}
