// What is known of whoever tries to prove who they are.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { answeredIn } from '../http/rate-limit-fields.ts'
import type { Allowance } from '../rate-limit-allowance.ts'

export interface Caller {
  readonly address: string
  readonly request_id: string
  /** To be told how many more tries there are. */
  readonly tell: (allowance: Allowance) => void
}

export const callerOf = (request: FastifyRequest, reply: FastifyReply): Caller => ({
  address: request.ip,
  request_id: request.id,
  tell: answeredIn(reply),
})
