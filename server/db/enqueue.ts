// Work for later, put into the queue by the very statement that causes it: both commit, or neither (server/jobs does it).
import { type RawBuilder, sql } from 'kysely'

interface Work {
  /** The name of the task. */
  readonly task: string
  /** What it is told, JSON; never a secret. */
  readonly payload: RawBuilder<unknown>
  /** One piece of work for each of its rows: a CTE of the statement, with what the payload names. */
  readonly of: RawBuilder<unknown>
  /** What waits under this key already is all there need be; it keeps its time. */
  readonly once?: { readonly key: RawBuilder<unknown>; readonly at: RawBuilder<unknown> }
}

/**
 * A CTE of a statement, whose name its final select must join, or it is never run: `changed as (…), queued as (${enqueued({ … })})
 * select … from changed left join queued on true`.
 */
export function enqueued({ task, payload, of, once }: Work): RawBuilder<unknown> {
  const key = once ? sql`, ${once.key}, ${once.at}` : sql``
  return sql`select count(enqueue_job(${sql.lit(task)}, ${payload}${key})) from ${of}`
}
