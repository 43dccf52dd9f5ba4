import { sql } from 'kysely'
import { statement } from '../db/statement.ts'

/**
 * Workers `ids` are here. Where one was not heard of for a minute, the jobs that it held are free for the others, and its row
 * tells whom that was.
 */
export const attend = statement<{ ids: readonly string[] }>()(
  ({ ids }) => sql<{ lost: readonly string[] }>`
    with here as (
      insert into job_workers (id) select unnest(${ids}::text[])
      on conflict (id) do update set seen_at = now()
    ),
    lost as (
      delete from job_workers where seen_at < now() - interval '1 minute' and id <> all(${ids}::text[]) returning id
    )
    select array_agg(lost.id) as lost, graphile_worker.force_unlock_workers(array_agg(lost.id)) from lost having count(*) > 0`,
)
