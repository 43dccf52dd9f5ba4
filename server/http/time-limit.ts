// How long an answer may take, from when all of the request has come; how long that may take is Node's to say (requestTimeout).
// Not Fastify's `handlerTimeout`: it ends its watch when a body has been read, and makes an error with a stack for every request,
// which was a twentieth of what a small one costs.
import type { FastifyInstance } from 'fastify'
import { unavailable } from '../errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    timeLimit: NodeJS.Timeout | undefined
  }
}

const tookTooLong = () => unavailable('This took too long; try again.')

export function limitTime(app: FastifyInstance, milliseconds: number) {
  app.decorateRequest('timeLimit', undefined)
  app.addHook('preValidation', (request, reply, done) => {
    const end = () => {
      // Taken over by its handler, or answered already.
      if (reply.sent) return
      if (reply.raw.headersSent) reply.raw.destroy()
      else reply.send(tookTooLong())
    }
    request.timeLimit = setTimeout(end, milliseconds)
    done()
  })
  app.addHook('onResponse', (request, _reply, done) => {
    clearTimeout(request.timeLimit)
    done()
  })
}
