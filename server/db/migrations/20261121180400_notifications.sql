-- Notifications by mail: who wants none, and what the two sides of a thread were told.

alter table users add notifications boolean not null default true;
alter table customers add notifications boolean not null default true;

-- How far a side of a thread was told, so that one mail tells of all that was said since the one before.
create table notices (
  ticket_id bigint not null references tickets,
  side text not null check (side in ('customer', 'operator')),
  -- The number of the latest post that was told of, or need not be.
  told integer not null check (told >= 0),
  -- When the latest mail was begun; while that is little ago no other one is.
  mailed_at timestamptz,
  primary key (ticket_id, side)
);

-- The same as enqueue_job(task, payload), but while one with this key waits it is no second one, and keeps its time.
create function enqueue_job(task text, payload json, key text, run_at timestamptz) returns void language plpgsql security definer as $$
declare
  queued bigint;
begin
  -- Nothing is queued where a worker takes the one that waited in this very moment; it may have looked already, so another is needed.
  while queued is null loop
    select added.id into queued
    from graphile_worker.add_job(
      identifier => enqueue_job.task, payload => enqueue_job.payload, run_at => enqueue_job.run_at,
      job_key => enqueue_job.key, job_key_mode => 'preserve_run_at'
    ) as added;
  end loop;
end
$$;

do $$ begin
  execute format('alter function enqueue_job(text, json, text, timestamptz) set search_path = %I, pg_temp', current_schema());
end $$;
revoke all on function enqueue_job(text, json, text, timestamptz) from public;
