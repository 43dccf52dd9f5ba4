import { sql } from 'kysely'
import { statement } from '../db/statement.ts'

/**
 * Workers `ids` are here. Where one was not heard of for a minute, the jobs that it held are free for the others; the row tells
 * whose there were. Who has stopped holds none.
 */
export const attend = statement<{ ids: readonly string[] }>()(
  ({ ids }) => sql<{ lost: readonly string[] }>`
    with here as (
      insert into job_workers (id) select unnest(${ids}::text[])
      on conflict (id) do update set seen_at = now()
    ),
    lost as (
      delete from job_workers where seen_at < now() - interval '1 minute' and id <> all(${ids}::text[]) returning id
    ),
    held as (
      select lost.id from lost where exists (select from graphile_worker.jobs where jobs.locked_by = lost.id)
    )
    select array_agg(held.id) as lost, graphile_worker.force_unlock_workers(array_agg(held.id)) from held having count(*) > 0`,
)
