-- Accounts that admins administer. Without a password one is invited, or a colleague who has no login.
alter table users
  add column email_verified_at timestamptz,
  add column invited_at timestamptz,
  -- Kept, so that lists can be filtered by it (user_lists.sql).
  add column status text not null generated always as (
    case when disabled_at is not null then 'disabled' when password_hash is not null then 'active'
      when invited_at is not null then 'invited' else 'no_login' end
  ) stored,
  add constraint users_verified_has_email check (email_verified_at is null or email is not null);

-- Secrets that are mailed belong to a user and to the address that they went to: at another address they prove nothing.
alter table one_time_tokens
  drop constraint one_time_tokens_purpose_check,
  add constraint one_time_tokens_purpose_check check (purpose in ('setup', 'invitation', 'password_reset', 'email_change')),
  add column user_id bigint references users,
  add column email text,
  add constraint one_time_tokens_mailed_to_user
    check ((purpose = 'setup') = (user_id is null) and (purpose = 'setup') = (email is null));

-- The latest one works, and no other.
create unique index one_time_tokens_outstanding on one_time_tokens (user_id, purpose) where used_at is null;
create index one_time_tokens_expiry on one_time_tokens (expires_at);

-- Puts work into the jobs' queue in the transaction that causes it. The queue is its owner's; the application may add to it.
create function enqueue_job(task text, payload json) returns void language plpgsql security definer as $$
begin
  perform graphile_worker.add_job(task, payload);
end
$$;

do $$ begin
  execute format('alter function enqueue_job(text, json) set search_path = %I, pg_temp', current_schema());
end $$;
revoke all on function enqueue_job(text, json) from public;
