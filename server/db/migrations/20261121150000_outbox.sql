-- Every effect leaves a note here in its own transaction. From here it gets its place in line, one after another and after the
-- fact, so that writers never wait for each other, and a transaction that commits late is put behind, not missed.
create table outbox (
  event_id bigint primary key
);

-- The line: audit events in one order without gaps, each linked to the one before by a hash, so that a changed or missing
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

-- Puts what waits in the outbox in line, at most so many; answers how many it were. One caller at a time: who comes meanwhile
-- waits, and finds done what was to do. Statements in it see what was committed before each of them began.
create function relay_outbox(at_most integer) returns integer language plpgsql security definer set search_path = public, pg_temp as $$
declare
  place bigint;
  link bytea;
  event audit_events;
  places bigint[] := '{}';
  ids bigint[] := '{}';
  links bytea[] := '{}';
begin
  perform pg_advisory_xact_lock(7305441104);
  select audit_chain.position, audit_chain.hash into place, link
  from audit_chain order by audit_chain.position desc limit 1;
  place := coalesce(place, 0);
  link := coalesce(link, sha256('frontdesk'));
  for event in
    with waiting as (select outbox.event_id from outbox order by outbox.event_id limit at_most),
    taken as (delete from outbox using waiting where outbox.event_id = waiting.event_id returning outbox.event_id)
    select audit_events.* from taken join audit_events on audit_events.id = taken.event_id order by audit_events.id
  loop
    place := place + 1;
    link := sha256(link || audit_event_bytes(event));
    places := places || place;
    ids := ids || event.id;
    links := links || link;
  end loop;
  insert into audit_chain (position, event_id, hash)
  select line.position, line.event_id, line.hash from unnest(places, ids, links) as line (position, event_id, hash);
  return cardinality(places);
end
$$;

-- What was written before there was an outbox waits in it now.
insert into outbox (event_id) select id from audit_events;
