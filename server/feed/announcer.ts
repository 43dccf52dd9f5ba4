// Tells all instances that something was committed. Beside the transactions, never in one: PostgreSQL lets only one transaction
// commit at a time that has something to announce (decisions/0015).
import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { announce } from './announcement-repository.ts'
import { throttle } from './throttle.ts'

const milliseconds = 20

/** After each call that may have written. */
export function announceWrites(app: FastifyInstance, ctx: Context) {
  const soon = throttle(milliseconds, () => announce(ctx.db))
  const reads = new Set(['GET', 'HEAD'])

  app.addHook('onResponse', (request, reply, done) => {
    // One that does not get through is made up for: whoever has streams open looks for himself every second.
    if (!reads.has(request.method) && reply.statusCode < 400) soon().catch(() => {})
    done()
  })
}
