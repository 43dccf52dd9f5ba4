// What holds for every endpoint's answer, so that a module says it in the contract and has no line for it: preconditions, answers
// kept under an Idempotency-Key, and how an answer leaves.
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { type Endpoint, endpoints, takesIdempotencyKey } from '../../contract/index.ts'
import type { Context } from '../context.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Api } from './api.ts'
import { keptAnswers } from './idempotency.ts'
import { expectationOf, expectVersion } from './preconditions.ts'
import type { Prepare } from './prepared.ts'
import { asText, presenting } from './presentation.ts'
import type { RecordDefinitions } from './records.ts'

type Handle = (request: FastifyRequest, reply: FastifyReply) => unknown

/** Before any route is registered. `secret` keeps what was asked under a key from being guessed. */
export function answerByContract(api: Api, ctx: Context, definitions: RecordDefinitions, secret: string) {
  const kept = keptAnswers(secret)
  const wrapped = new WeakSet<RouteHandlerMethod>()
  api.decorateRequest('ctx')

  api.addHook('onRoute', (route) => {
    const method = route.method === 'HEAD' ? 'GET' : route.method
    const endpoint = endpoints.find((candidate) => candidate.url === route.url && candidate.method === method)
    const { handler } = route
    if (!endpoint || wrapped.has(handler)) return
    const { prepare } = route.config ?? {}
    route.handler = answering(endpoint, (request, reply) => handler.call(api, request, reply), prepare)
    wrapped.add(route.handler)
  })

  function answering(endpoint: Endpoint, handle: Handle, prepare: Prepare | undefined): RouteHandlerMethod {
    if (endpoint.config.produces !== undefined) {
      return (request, reply) => {
        request.ctx = ctx
        return handle(request, reply)
      }
    }
    const keeps = takesIdempotencyKey(endpoint)
    const present = presenting(endpoint, definitions)

    return async (request, reply) => {
      request.ctx = ctx
      const key = keeps ? request.headers['idempotency-key'] : undefined
      const expected = endpoint.config.changes && expectationOf(request)
      if (key === undefined && prepare) await prepare(request)
      if (key === undefined && !expected) {
        const { status, headers, payload } = present(request, reply, await handle(request, reply))
        void reply.code(status).headers(headers)
        return payload ?? reply.send()
      }
      const work = async (ctx: Context) => {
        request.ctx = ctx
        if (expected) await expectVersion(definitions, endpoint, request, expected)
        const { status, headers, payload } = present(request, reply, await handle(request, reply))
        return { status, headers: { ...json, ...headers }, body: asText(reply, status, payload) }
      }
      const { status, headers, body } = await (key === undefined
        ? inTransaction(ctx, work)
        : kept.once(ctx, request, key, { work, ...(prepare ? { prepare: () => prepare(request) } : {}) }))
      void reply.code(status).headers(headers)
      if (body !== '') return body
      return reply.removeHeader('content-type').send()
    }
  }
}

const json = { 'content-type': 'application/json; charset=utf-8' }
