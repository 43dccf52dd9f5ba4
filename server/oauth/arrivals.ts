// What is known of a call before oidc-provider gets it, and cannot be told to it in HTTP.
import type { IncomingMessage } from 'node:http'
import type { Allowance } from '../rate-limit-allowance.ts'

export interface Arrival {
  readonly address: string
  readonly request_id: string
  /** What the link to the page for devices holds. */
  readonly userCode?: string | undefined
  readonly tell: (allowance: Allowance) => void
}

const arrivals = new WeakMap<IncomingMessage, Arrival>()

export const noteArrival = (request: IncomingMessage, arrival: Arrival) => void arrivals.set(request, arrival)

export const arrivalOf = (request: IncomingMessage): Arrival | undefined => arrivals.get(request)
