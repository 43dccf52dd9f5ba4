// What must be true of every database at any moment, whatever the tests before did to it. Checked after each test file.
import { actions } from '../../contract/index.ts'

/** Each statement answers the rows that break its rule. */
export const invariants: Readonly<Record<string, string>> = {
  'a ticket has exactly one first post': `
    select tickets.id from tickets left join posts on posts.ticket_id = tickets.id and posts.number = 1
    group by tickets.id having count(posts.id) <> 1`,
  'work on a ticket is given to an operator': `
    select tickets.id from tickets join users on users.id = tickets.processed_by where users.role = 'customer'`,
  'a ticket that has ended says how, and an open one does not': `
    select id from tickets
    where (status in ('COMPLETED', 'REJECTED')) <> (resolution_comment is not null and closed_at is not null)`,
  'an open ticket is archived only together with its customer': `
    select tickets.id from tickets join customers on customers.id = tickets.customer_id
    where tickets.archived_at is not null and tickets.status in ('PENDING', 'IN_PROGRESS')
      and (not tickets.archived_with_customer or customers.archived_at is null)`,
  'an archived customer has no live tickets': `
    select tickets.id from tickets join customers on customers.id = tickets.customer_id
    where customers.archived_at is not null and tickets.archived_at is null`,
  'no two live customers have one phone or e-mail address': `
    select phone from customers where archived_at is null and phone is not null group by phone having count(*) > 1
    union all
    select lower(email) from customers where archived_at is null and email is not null group by lower(email) having count(*) > 1`,
  'every change has one audit row, in unbroken versions': `
    select record_type, record_id from audit_events where record_type in ('customer', 'ticket', 'user') and after ? 'version'
    group by record_type, record_id
    having array_agg((after ->> 'version')::int order by id) <> array(select generate_series(1, max((after ->> 'version')::int)))`,
  'what was before is what came out of the change before it': `
    select id from (
      select id, before, lag(after) over (partition by record_type, record_id order by id) as previous
      from audit_events where record_type in ('customer', 'ticket')
    ) as chain
    where before is not null and before -> 'version' is distinct from previous -> 'version'`,
  'a record is as its last audit row says': `
    select tickets.id from tickets join lateral (
      select after from audit_events where record_type = 'ticket' and record_id = tickets.id order by id desc limit 1
    ) as last on true
    where (last.after ->> 'status', (last.after ->> 'version')::int, last.after ->> 'processed_by')
      is distinct from (tickets.status, tickets.version, tickets.processed_by::text)`,
  'every action is one that the contract names': `
    select id, action from audit_events where actor_role not in ('test', 'x')
      and action <> all('{${actions.join(',')}}')`,
  'no secret is in the audit log': `
    select id from audit_events where before::text || after::text ~ '(argon2|password_hash|secret_hash|fdt_|fds_)'`,
  'an audit event is in the chain, or waits for that': `
    select id from audit_events where id not in (select event_id from audit_chain union select event_id from outbox)
    union all select event_id from audit_chain where event_id not in (select id from audit_events)
    union all select event_id from outbox where event_id not in (select id from audit_events)
    union all select event_id from outbox join audit_chain using (event_id)`,
  'the chain of audit events has no gaps': `
    select position from (select position, row_number() over (order by position) as number from audit_chain) as chain
    where position <> number`,
  'each hash of the chain is made of its event and the hash before it': `
    select position from (
      select position, event_id, hash, lag(hash, 1, sha256('frontdesk')) over (order by position) as previous from audit_chain
    ) as chain join audit_events on audit_events.id = chain.event_id
    where hash <> sha256(previous || audit_event_bytes(audit_events))`,
  'times never go back': `
    select id from tickets where updated_at < created_at union all select id from customers where updated_at < created_at`,
}
