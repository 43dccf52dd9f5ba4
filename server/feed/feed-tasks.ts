import type { Context } from '../context.ts'
import { relay } from '../db/relay.ts'
import type { Tasks } from '../jobs/worker.ts'

export function feedTasks(ctx: Context): Tasks {
  return {
    // Readers do it for themselves; while there are none, this keeps the outbox short.
    chain_audit_events: { schedule: '* * * * *', work: () => relay(ctx.db) },
  }
}
