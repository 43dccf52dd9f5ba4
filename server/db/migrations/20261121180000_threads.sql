-- Threads: a ticket is more than its ask. Customers and staff answer each other, and staff take notes.

-- The portal login that a customer has.
alter table customers add user_id bigint references users;
create unique index customers_user_key on customers (user_id) where user_id is not null;

alter table posts
  -- A note of the staff, for the staff.
  add internal boolean not null default false,
  add updated_at timestamptz not null default now(),
  add version integer not null default 1 check (version >= 1),
  add edited_at timestamptz,
  add edited_by bigint references users,
  -- What is left of a deleted post is its place.
  add deleted_at timestamptz,
  add constraint posts_first_is_the_ask check (number > 1 or not internal and deleted_at is null),
  add constraint posts_deleted_has_no_text check (deleted_at is null or message = '');

-- A rewrite of the table by ALTER takes a tenth of what an UPDATE of every row takes, and leaves no dead rows.
alter table posts alter updated_at type timestamptz using created_at;

-- A thread from its beginning: as the staff sees it, and as its customer does.
create index posts_thread on posts (ticket_id, created_at, id);
create index posts_public_thread on posts (ticket_id, created_at, id) where not internal and deleted_at is null;

alter table tickets
  add priority text not null default 'normal' check (priority in ('low', 'normal', 'high', 'urgent')),
  add tags text[] not null default '{}' check (cardinality(tags) <= 20 and array_position(tags, null) is null),
  add follow_up_of bigint references tickets,
  -- How many numbers were given to posts, to those that are internal or deleted too.
  add posts_made integer not null default 1,
  -- What a customer may see: a note changes neither, nor the version.
  add posts_count integer not null default 1,
  add last_post_at timestamptz not null default now(),
  add constraint tickets_posts_count check (posts_count between 1 and posts_made),
  -- Its place in the queue, by priority and then by age, as one value that a list can be entered at: behind all tickets of a
  -- higher priority, which is a thousand years each.
  add queue_place timestamptz not null generated always as ((created_at at time zone 'UTC' + case priority
    when 'urgent' then interval '0' when 'high' then interval '1000 years'
    when 'normal' then interval '2000 years' else interval '3000 years' end) at time zone 'UTC') stored;

alter table tickets alter last_post_at type timestamptz using created_at;

-- The open one that an answer on an old ticket goes to.
create index tickets_follow_ups on tickets (follow_up_of) where follow_up_of is not null;

-- What there is to do: all of it, and what is somebody's or nobody's.
create index tickets_open_queue on tickets (queue_place, id)
  where archived_at is null and status in ('PENDING', 'IN_PROGRESS');
create index tickets_open_assignee_queue on tickets (processed_by, queue_place, id)
  where archived_at is null and status in ('PENDING', 'IN_PROGRESS');

create index tickets_tags on tickets using gin (tags) where tags <> '{}';
