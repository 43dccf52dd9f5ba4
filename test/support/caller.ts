// Calls endpoints for real, and holds every reply against the contract: no test can get an undeclared answer unnoticed.
import type { Static } from 'typebox'
import { type Endpoint, type Input, type Problem, type Reply, requestFor } from '../../contract/index.ts'
import { sendTo } from './send.ts'

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
    const {
      status,
      headers: told,
      text,
    } = await sendTo(url, {
      method,
      path,
      headers: { ...own, ...always, ...headers },
      body,
    })
    // What is not JSON is the text itself; a failure is JSON everywhere.
    const isText = status < 400 && endpoint.config.produces !== undefined
    const answer: unknown = isText ? text : text === '' ? null : JSON.parse(text)
    return {
      status,
      headers: told,
      body: answer as Reply<E>,
      problem: answer as Static<typeof Problem>,
    }
  }
}
