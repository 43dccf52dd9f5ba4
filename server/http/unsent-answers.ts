// How much of large answers may wait for being read. An answer that is made holds no place among the requests in progress, but
// its bytes stay in memory until the caller has taken them: who asks again and again and reads nothing would fill it.
import type { FastifyInstance } from 'fastify'
import { overloaded, tooManyRequests } from '../errors.ts'
import { type CountedAs, countedAs } from '../counted-as.ts'

const mebibyte = 1024 ** 2

/** Smaller ones are bounded by the number of connections. */
const large = 64 * 1024

export interface UnsentLimits {
  readonly atOnce: number
  /** For one user or, where nobody is signed in, one network. */
  readonly forOne: number
  /** A caller who takes nothing for so long is let go, in milliseconds. */
  readonly patience: number
}

const limits: UnsentLimits = { atOnce: 256 * mebibyte, forOne: 48 * mebibyte, patience: 30_000 }

export function boundUnsentAnswers(app: FastifyInstance, { atOnce, forOne, patience } = limits) {
  let all = 0
  const refusalOf = (ofOne: number, ofAll: number) => {
    if (ofOne > forOne)
      return tooManyRequests(`You may leave ${forOne / mebibyte} MiB of answers unread at a time`, 1)
    return ofAll > atOnce ? overloaded() : undefined
  }
  const callers = new Map<CountedAs, number>()

  app.addHook('onSend', (request, reply, payload, done) => {
    const bytes = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload.length : 0
    // Whose caller has left it is let go at once, and no `close` would come to take it off the count.
    if (bytes < large || reply.raw.destroyed) return done(null, payload)
    const caller = countedAs(request)
    const own = callers.get(caller) ?? 0
    const refusal = refusalOf(own + bytes, all + bytes)
    // What has had its effect is told, however much there is.
    if (refusal && request.method === 'GET') {
      void reply.removeHeader('etag')
      return done(refusal)
    }
    all += bytes
    callers.set(caller, own + bytes)
    reply.raw.setTimeout(patience, () => reply.raw.destroy())
    reply.raw.once('close', () => {
      all -= bytes
      const rest = (callers.get(caller) ?? 0) - bytes
      if (rest > 0) callers.set(caller, rest)
      else callers.delete(caller)
    })
    done(null, payload)
  })
}
