// How many requests are in progress at once. Further ones are refused at once, before their body is read and before anybody
// looks up who is calling: those that are let in are then answered soon, where otherwise all would wait for each other.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { overloaded } from '../errors.ts'
import { isExempt } from './exempt-from-limits.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of how many this one is, while it is in progress. */
    inProgress: { requests: number } | undefined
  }
}

/**
 * A request is in progress from when all of it has come until its answer is made: a client that sends or reads slowly holds no
 * place. (The look-ups of callers before that are bounded by the connections' queue.)
 */
export function shedLoad(app: FastifyInstance, atOnce: number) {
  const all = { requests: 0 }
  const refuses = (request: FastifyRequest) => all.requests >= atOnce && !isExempt(request)

  // With callbacks, since each promise in a hook is a hundredth of what a small call costs.
  app.decorateRequest('inProgress', undefined)
  app.addHook('onRequest', (request, _reply, done) => done(refuses(request) ? overloaded() : undefined))
  app.addHook('preValidation', (request, _reply, done) => {
    if (refuses(request)) return done(overloaded())
    all.requests += 1
    request.inProgress = all
    done()
  })
  app.addHook('onSend', (request, _reply, payload, done) => {
    endProgress(request)
    done(null, payload)
  })
}

/**
 * For a handler that goes on answering for long, or whose caller has left: its place is free from now on. By `reply.hijack()`
 * alone it would be held for ever. (A caller who leaves does not free it: the handler works on.)
 */
export function takeOver(reply: FastifyReply) {
  reply.hijack()
  endProgress(reply.request)
}

export function endProgress(request: FastifyRequest) {
  if (request.inProgress) request.inProgress.requests -= 1
  request.inProgress = undefined
}
