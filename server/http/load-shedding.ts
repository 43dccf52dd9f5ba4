// How many requests are in progress at once. Further ones are refused at once, before their body is read and before anybody
// looks up who is calling: those that are let in are then answered soon, where otherwise all would wait for each other.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { overloaded } from '../errors.ts'
import { isAlwaysAnswered } from './always-answered.ts'

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
  const refuses = (request: FastifyRequest) => all.requests >= atOnce && !isAlwaysAnswered(request)

  // With callbacks, since each promise in a hook is a hundredth of what a small call costs.
  app.decorateRequest('inProgress', undefined)
  app.addHook('onRequest', (request, _reply, done) => done(refuses(request) ? overloaded() : undefined))
  app.addHook('preValidation', (request, reply, done) => {
    if (refuses(request)) return done(overloaded())
    all.requests += 1
    request.inProgress = all
    // Whatever becomes of it: a caller may leave while a handler is about to take the reply over.
    reply.raw.once('close', () => endProgress(request))
    done()
  })
  app.addHook('onSend', (request, _reply, payload, done) => {
    endProgress(request)
    done(null, payload)
  })
}

/** For a handler that takes the reply over (`reply.hijack()`) and goes on answering for long: its place is free from now on. */
export function endProgress(request: FastifyRequest) {
  if (request.inProgress) request.inProgress.requests -= 1
  request.inProgress = undefined
}
