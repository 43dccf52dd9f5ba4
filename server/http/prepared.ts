// What a call needs that takes long, and no connection to the database: a password hashed, a picture decoded. It is worked out before
// the transaction that an Idempotency-Key or If-Match begins, or a few such calls would hold every connection.
import type { FastifyRequest } from 'fastify'

export type Prepare = (request: FastifyRequest) => Promise<void>

/** `prepare` goes into the route's config; `of` is for its handler. What `work` takes is the route's own type of request. */
export function prepared<T>(work: (request: never) => Promise<T>) {
  const values = new WeakMap<FastifyRequest, { readonly value: T }>()
  return {
    prepare: async (request: FastifyRequest) =>
      void values.set(request, { value: await work(request as never) }),
    of(request: FastifyRequest): T {
      const found = values.get(request)
      if (!found) throw new Error('What the handler needs is prepared before it runs')
      return found.value
    },
  }
}
