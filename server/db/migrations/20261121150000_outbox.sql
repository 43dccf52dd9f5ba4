-- Every effect leaves a note here in its own transaction. From here it gets its position in the chain, one after another and
-- after the fact, so that writers never wait for each other, and a transaction that commits late is put behind, not missed.
create table outbox (
  event_id bigint primary key
);

-- The chain: audit events in one order without gaps, each linked to the one before by a hash, so that a changed or missing
-- one shows. Also what GET /events reads.
create table audit_chain (
  position bigint primary key check (position >= 1),
  event_id bigint not null unique,
  hash bytea not null check (length(hash) = 32)
);

-- What is hashed of an event: everything, in one spelling that no setting of a session changes.
create function audit_event_bytes(event audit_events) returns bytea language sql immutable parallel safe
  return convert_to(jsonb_build_array(
    event.id, (extract(epoch from event.at) * 1000000)::bigint, event.actor_id, event.actor_role, event.action,
    event.record_type, event.record_id, event.before, event.after, event.request_id)::text, 'UTF8');

-- Puts what waits in the outbox into the chain, at most so many; answers how many it were. One caller at a time: who comes
-- meanwhile waits, and finds done what was to do. Statements in it see what was committed before each of them began. A note
-- whose event is gone stays, as the trace of that. Planned for the number that is given: a plan for any reads all of a long
-- outbox.
create function relay_outbox(at_most integer) returns integer
  language plpgsql security definer set plan_cache_mode = force_custom_plan as $$
declare
  last_position bigint;
  last_hash bytea;
  event record;
  positions bigint[] := '{}';
  ids bigint[] := '{}';
  hashes bytea[] := '{}';
begin
  perform pg_advisory_xact_lock(7305441104);
  select audit_chain.position, audit_chain.hash into last_position, last_hash
  from audit_chain order by audit_chain.position desc limit 1;
  last_position := coalesce(last_position, 0);
  last_hash := coalesce(last_hash, sha256('frontdesk'));
  for event in
    with taken as (
      delete from outbox where outbox.event_id = any(array(
        select waiting.event_id from outbox as waiting
        where (select true from audit_events where audit_events.id = waiting.event_id)
        order by waiting.event_id limit at_most
      )) returning outbox.event_id
    )
    select audit_events.id, audit_event_bytes(audit_events) as bytes
    from taken join audit_events on audit_events.id = taken.event_id order by audit_events.id
  loop
    last_position := last_position + 1;
    last_hash := sha256(last_hash || event.bytes);
    positions := positions || last_position;
    ids := ids || event.id;
    hashes := hashes || last_hash;
  end loop;
  insert into audit_chain (position, event_id, hash)
  select chain.position, chain.event_id, chain.hash from unnest(positions, ids, hashes) as chain (position, event_id, hash);
  return cardinality(positions);
end
$$;

-- Whoever writes an event leaves the note with it: an earlier version, too, that still runs while this one begins.
create function leave_note() returns trigger language plpgsql security definer as $$
begin
  insert into outbox (event_id) select added.id from added;
  return null;
end
$$;

create trigger leave_note after insert on audit_events referencing new table as added
  for each statement execute function leave_note();

-- Both run with their owner's rights, so their names must mean our tables, whatever the caller has made: their temporary ones too.
do $$ begin
  execute format('alter function relay_outbox(integer) set search_path = %I, pg_temp', current_schema());
  execute format('alter function leave_note() set search_path = %I, pg_temp', current_schema());
end $$;
revoke all on function relay_outbox(integer), leave_note() from public;

-- What is written stays as it is, also for the owner. A second lock behind the application's rights (db/app-role.ts).
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

create trigger append_only before update or delete or truncate on audit_events for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on audit_chain for each statement execute function refuse_change();

-- What was written before there was an outbox waits in it now.
insert into outbox (event_id) select id from audit_events;
