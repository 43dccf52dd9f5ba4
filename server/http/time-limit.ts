// How long an answer may take. Fastify's own `handlerTimeout` ends its watch when the request has been read to its end, so
// that a call with a body would have no limit; here it has the same one.
import type { FastifyInstance } from 'fastify'
import { unavailable } from '../errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    timeLimit: NodeJS.Timeout | undefined
  }
}

export const tookTooLong = () => unavailable('This took too long; try again.')

/** `milliseconds` are counted from the request's head, as by Fastify. */
export function limitTime(app: FastifyInstance, milliseconds: number) {
  app.decorateRequest('timeLimit', undefined)
  app.addHook('preValidation', (request, reply, done) => {
    if (request.raw.readableEnded) {
      const end = () => {
        // Taken over by its handler, or answered already.
        if (reply.sent) return
        if (reply.raw.headersSent) reply.raw.destroy()
        else reply.send(tookTooLong())
      }
      request.timeLimit = setTimeout(end, milliseconds - reply.elapsedTime)
    }
    done()
  })
  app.addHook('onResponse', (request, _reply, done) => {
    clearTimeout(request.timeLimit)
    done()
  })
}
