-- Attachments: the files that came with a post.

-- What the file store has of them, each content once, whatever posts it came with.
create table attachment_files (
  sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
  -- The file's name: its hash, and a number of its own, since a name that was erased is never given again.
  key text not null unique check (key like sha256 || '-%'),
  -- When a post last came with it. The sweep leaves it alone for an hour after that: a post whose statement waits for the sweep's
  -- finds it, or makes it anew.
  used_at timestamptz not null default clock_timestamp()
);

create table attachments (
  id bigint generated always as identity primary key,
  post_id bigint not null references posts,
  place integer not null check (place between 1 and 5),
  name text not null check (char_length(name) between 1 and 255),
  media_type text not null,
  bytes integer not null check (bytes > 0),
  sha256 text not null references attachment_files,
  created_at timestamptz not null default now(),
  constraint attachments_post_place unique (post_id, place)
);

-- For the sweep: whether anything is left that has this content.
create index attachments_sha256 on attachments (sha256);
