// What must be true of every database at any moment, whatever the tests before did to it. Checked after each test file.
import { actions } from '../../contract/index.ts'
import { secretPrefixes } from '../../server/credentials/secrets.ts'

/** Each statement answers the rows that break its rule. */
export const invariants: Readonly<Record<string, string>> = {
  'a ticket has exactly one first post': `
    select tickets.id from tickets left join posts on posts.ticket_id = tickets.id and posts.number = 1
    group by tickets.id having count(posts.id) <> 1`,
  'posts are numbered without gaps, and counted as their customer sees them (I07)': `
    select tickets.id from tickets join lateral (
      select count(*) as made, max(number) as last, count(*) filter (where not internal and deleted_at is null) as seen,
        max(created_at) filter (where not internal and deleted_at is null) as latest
      from posts where posts.ticket_id = tickets.id
    ) as thread on true
    where (thread.made, thread.last, thread.seen, thread.latest)
      is distinct from (posts_made::bigint, posts_made, posts_count::bigint, last_post_at)`,
  'a post is deleted by its author, and keeps no text (I07)': `
    select posts.id from posts left join audit_events on record_type = 'post' and record_id = posts.id and action = 'post.deleted'
    where (deleted_at is not null) <> (audit_events.id is not null) or deleted_at is not null and (message <> '' or actor_id <> author_id)`,
  'a ticket moves along its edges alone (I01)': `
    select id from audit_events
    where record_type = 'ticket' and before ->> 'status' <> after ->> 'status'
      and (before ->> 'status', after ->> 'status', action) not in (
        ('PENDING', 'IN_PROGRESS', 'ticket.assigned'), ('PENDING', 'REJECTED', 'ticket.rejected'),
        ('IN_PROGRESS', 'COMPLETED', 'ticket.completed'), ('IN_PROGRESS', 'REJECTED', 'ticket.rejected'),
        ('COMPLETED', 'IN_PROGRESS', 'ticket.reopened'))`,
  'work on a ticket is given to an operator': `
    select tickets.id from tickets join users on users.id = tickets.processed_by where users.role = 'customer' and not exists (
      select from audit_events where record_type = 'user' and record_id = users.id and action = 'user.role_changed')`,
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
  'no two live customers have one phone, e-mail address or external_id (I13)': `
    select phone from customers where archived_at is null and phone is not null group by phone having count(*) > 1
    union all
    select lower(email) from customers where archived_at is null and email is not null group by lower(email) having count(*) > 1
    union all
    select external_id from customers where archived_at is null and external_id is not null group by external_id having count(*) > 1`,
  'who made a customer, and when, never changes (I05)': `
    select id from audit_events
    where record_type = 'customer' and (before ->> 'created_at' <> after ->> 'created_at'
      or before ? 'created_by' and before -> 'created_by' is distinct from after -> 'created_by')`,
  'a customer with a login has that of somebody with the role customer': `
    select customers.id from customers join users on users.id = customers.user_id where users.role <> 'customer' and not exists (
      select from audit_events where record_type = 'user' and record_id = users.id and action = 'user.role_changed')`,
  'no two customers have one login': `
    select user_id from customers where user_id is not null group by user_id having count(*) > 1`,
  'a login is linked to a customer of the shop by an address that it has proved alone': `
    select id from audit_events as linked
    where record_type = 'customer' and before -> 'user_id' is distinct from after -> 'user_id' and before is not null
      and after ->> 'user_id' is not null and (action <> 'customer.linked' or not exists (
        select from audit_events as proof
        where proof.record_type = 'user' and proof.record_id = (linked.after ->> 'user_id')::bigint and proof.id < linked.id
          and lower(proof.after ->> 'email') = lower(linked.after ->> 'email') and proof.after ->> 'email_verified_at' is not null))`,
  'of a photo there is all or nothing, under a key of its own (I34)': `
    select id from customers where num_nonnulls(photo_key, photo_large_hash, photo_small_hash) not in (0, 3)
    union all select min(id) from customers where photo_key is not null group by photo_key having count(*) > 1`,
  'an attachment is that of a post that is not deleted': `
    select attachments.id from attachments join posts on posts.id = attachments.post_id where posts.deleted_at is not null`,
  'an attachment is named by the event that made its post (I30)': `
    select attachments.id from attachments join posts on posts.id = attachments.post_id where not exists (
      select from audit_events
      where (record_type, record_id, action) in (('post', posts.id, 'post.created'), ('ticket', posts.ticket_id, 'ticket.created'))
        and after -> 'attachments' @> jsonb_build_array(jsonb_build_object('id', attachments.id, 'name', attachments.name)))`,
  'every change has one audit row, in unbroken versions': `
    select record_type, record_id from audit_events where record_type in ('customer', 'post', 'ticket', 'user') and after ? 'version'
    group by record_type, record_id
    having array_agg((after ->> 'version')::int order by id) <> array(select generate_series(1, max((after ->> 'version')::int)))`,
  'what was before is what came out of the change before it': `
    select id from (
      select id, before, lag(after) over (partition by record_type, record_id order by id) as previous
      from audit_events where record_type in ('customer', 'post', 'ticket')
    ) as chain
    where before is not null and before -> 'version' is distinct from previous -> 'version'`,
  'a record is as its last audit row says': `
    select tickets.id from tickets join lateral (
      select after from audit_events where record_type = 'ticket' and record_id = tickets.id order by id desc limit 1
    ) as last on true
    where (last.after ->> 'status', (last.after ->> 'version')::int, last.after ->> 'processed_by')
      is distinct from (tickets.status, tickets.version, tickets.processed_by::text)`,
  'there is always an admin who can sign in, once there was one (I21)': `
    select id from users where role = 'admin' and password_hash is not null and not exists (
      select from users where role = 'admin' and status = 'active'
    ) and exists (select from audit_events where record_type = 'user' and action in ('user.disabled', 'user.role_changed'))`,
  'a role is changed by another admin alone (I22)': `
    select id from audit_events
    where record_type = 'user' and actor_role not in ('test', 'x') and before ->> 'role' <> after ->> 'role'
      and (action <> 'user.role_changed' or actor_role <> 'admin' or actor_id = record_id)`,
  'no two users have one username or e-mail address (I23)': `
    select lower(email) from users where email is not null group by lower(email) having count(*) > 1
    union all
    select lower(username) from users where username is not null group by lower(username) having count(*) > 1`,
  'an e-mail address becomes verified by a link that was mailed there alone (I23)': `
    select id from audit_events
    where record_type = 'user' and after ->> 'email_verified_at' is distinct from before ->> 'email_verified_at'
      and after ->> 'email_verified_at' is not null
      and action not in ('user.invitation_accepted', 'user.password_reset', 'user.email_changed')`,
  'who was disabled is let in by nothing from before (I24)': `
    select users.id from users join tokens on tokens.user_id = users.id
    where tokens.revoked_at is null and exists (
      select from audit_events where record_type = 'user' and record_id = users.id and action = 'user.disabled' and at > tokens.created_at)
    union all
    select users.id from users join sessions on sessions.user_id = users.id
    where sessions.revoked_at is null and exists (
      select from audit_events where record_type = 'user' and record_id = users.id and action = 'user.disabled' and at > sessions.created_at)
    union all
    select user_id from one_time_tokens join users on users.id = user_id
    where used_at is null and exists (
      select from audit_events where record_type = 'user' and record_id = users.id and action = 'user.disabled' and at > one_time_tokens.created_at)`,
  'a password that was reset has ended all from before (I25)': `
    select tokens.id from tokens join audit_events on record_type = 'user' and record_id = tokens.user_id
    where action = 'user.password_reset' and at > tokens.created_at and tokens.revoked_at is null and tokens.expires_at > at
    union all
    select sessions.id from sessions join audit_events on record_type = 'user' and record_id = sessions.user_id
    where action = 'user.password_reset' and at > sessions.created_at and sessions.revoked_at is null and sessions.expires_at > at`,
  'a mailed link was used in its time, and once: one change for each (I26)': `
    select id from one_time_tokens where used_at > expires_at
    union all
    select user_id from one_time_tokens where used_at is not null and purpose <> 'setup' group by user_id, purpose
    having count(*) > (
      select count(*) from audit_events where record_type = 'user' and record_id = user_id and action = case purpose
        when 'invitation' then 'user.invitation_accepted' when 'password_reset' then 'user.password_reset' else 'user.email_changed' end)`,
  'every action is one that the contract names': `
    select id, action from audit_events where actor_role not in ('test', 'x')
      and action <> all('{${actions.join(',')}}')`,
  'no secret is in the audit log': `
    select id from audit_events where before::text || after::text ~ '(argon2|password_hash|secret_hash|"sealed"|${Object.values(secretPrefixes).join('|')})'`,
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
  'a family has at most one refresh token that works, and none outlives its grant (I27)': `
    select grant_id from oauth_tokens join oauth_grants on oauth_grants.id = grant_id
    where kind = 'RefreshToken' and consumed_at is null and oauth_tokens.revoked_at is null
    group by grant_id having count(*) > 1
    union all
    select oauth_tokens.id from oauth_tokens join oauth_grants on oauth_grants.id = grant_id
    where oauth_grants.revoked_at is not null and oauth_tokens.created_at > oauth_grants.revoked_at`,
  'a client that acts on its own has a service user with its name and role': `
    select oauth_clients.id from oauth_clients join users on users.id = oauth_clients.user_id
    where not users.is_service or (users.first_name, users.role) is distinct from (oauth_clients.name, oauth_clients.role)
      or (oauth_clients.deleted_at is not null and users.disabled_at is null)`,
  'who is disabled has no grant, but where a test has gone round the application (I24)': `
    select oauth_grants.id from oauth_grants join users on users.id = oauth_grants.user_id
    where users.disabled_at is not null and oauth_grants.revoked_at is null and oauth_grants.expires_at > users.disabled_at
      and exists (select from audit_events where record_type = 'user' and record_id = users.id and action = 'user.disabled')`,
  'nobody was told of more than was said': `
    select notices.ticket_id from notices join tickets on tickets.id = ticket_id where told > posts_made`,
  'times never go back': `
    select id from tickets where updated_at < created_at union all select id from customers where updated_at < created_at`,
}
