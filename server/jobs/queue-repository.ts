// The queue as it lies in the database, through the view that graphile-worker keeps for its users.
import { sql } from 'kysely'
import { statement } from '../db/statement.ts'

export interface QueueCounts {
  /** To be done now. */
  readonly due: number
  /** To be done at a later time, or tried again then. */
  readonly later: number
  readonly running: number
  /** Tried as often as they may be. */
  readonly failed: number
}

/** Looks at 10,000 jobs at most, so that a queue that got out of hand cannot make it slow. */
export const countQueue = statement<object>()(
  () => sql<QueueCounts>`
    select
      count(*) filter (where jobs.locked_at is null and jobs.attempts < jobs.max_attempts and jobs.run_at <= now()) as due,
      count(*) filter (where jobs.locked_at is null and jobs.attempts < jobs.max_attempts and jobs.run_at > now()) as later,
      count(*) filter (where jobs.locked_at is not null) as running,
      count(*) filter (where jobs.locked_at is null and jobs.attempts >= jobs.max_attempts) as failed
    from (
      select jobs.locked_at, jobs.attempts, jobs.max_attempts, jobs.run_at from graphile_worker.jobs limit 10000
    ) as jobs`,
)
