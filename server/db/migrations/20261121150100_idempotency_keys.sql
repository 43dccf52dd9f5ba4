-- What was answered to a call that bore an Idempotency-Key, written in the transaction of its effect: both are there, or neither.
create table idempotency_keys (
  -- A user's number, or the role of a call without one (ANONYMOUS_ROLE).
  caller text not null,
  key text not null check (length(key) between 1 and 255),
  -- What was asked, so that the key cannot be used for something else.
  fingerprint bytea not null check (length(fingerprint) = 32),
  status integer not null,
  headers jsonb not null,
  body text not null,
  created_at timestamptz not null default now(),
  primary key (caller, key)
);

create index idempotency_keys_age on idempotency_keys (created_at);
