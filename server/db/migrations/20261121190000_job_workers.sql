-- Who does jobs, and when each was last heard of: what one had begun that is not heard of any more is done by another.

create table job_workers (
  -- A process's workers together, as their jobs' locked_by names them.
  id text primary key,
  seen_at timestamptz not null default now()
);
