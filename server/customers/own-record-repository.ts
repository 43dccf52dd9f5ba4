// A user's own customer record, and what becomes of it once the user has proved an e-mail address. It writes tickets too, which go
// with a customer (see archiving).
import { type RawBuilder, sql } from 'kysely'
import type { Role } from '../../contract/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { enqueued } from '../db/enqueue.ts'
import { statement } from '../db/statement.ts'
import { touch } from '../db/touch.ts'
import { customerState, type From, locked, touchedBy } from './customer-repository.ts'
import type { LinkableRecord } from './linking-rules.ts'

/** With the user's own role, whatever a client makes of it that acts for them. The record is null where they have none. */
export const findOwnRecord = statement<{ user_id: number }>()(
  (value) => sql<{ role: Role; id: number | null; archived_at: string | null }>`
    select users.role, customers.id, customers.archived_at
    from users left join customers on customers.user_id = users.id where users.id = ${value.user_id}`,
)

const named = (name: string, other: string) =>
  sql`left(coalesce(nullif(users.${sql.ref(name)}, ''), users.username, nullif(users.${sql.ref(other)}, ''), '–'), 100)`

/** For a CTE: the own record of each of these users, called `users`, who has none. A user may have no name; a customer has one. */
export const ownRecordsMade = (users: RawBuilder<unknown>, madeBy: RawBuilder<unknown>) => sql`
      insert into customers (first_name, last_name, user_id, created_by, updated_by)
      select ${named('first_name', 'last_name')}, ${named('last_name', 'first_name')}, users.id, ${madeBy}, ${madeBy}
      from ${users}
      on conflict (user_id) where user_id is not null do nothing
      returning *`

/** Held before anything of a user's own record is changed, so that whatever does takes turns. Not their key: rows may be made that name them. */
export const lockOwner = statement<{ user_id: number }>()(
  (value) => sql<{ verified_email: string | null; role: string }>`
    select case when users.email_verified_at is not null then users.email end as verified_email, users.role
    from users where users.id = ${value.user_id} for no key update`,
)

/** No row: they have one. An address that was proved already goes in by the job, as everywhere. */
export const insertOwnRecord = statement<{ user_id: number } & Auditing>()(
  (value) => sql<{ id: number }>`
    with owner as (select * from users where users.id = ${value.user_id}),
    created as (${ownRecordsMade(sql`owner as users`, sql`${value.actor_id}::bigint`)}),
    ${audited(value, { action: 'customer.created', recordType: 'customer', after: sql`created` })},
    queued as (${enqueued({
      task: 'link_customer',
      payload: sql`json_build_object('user_id', owner.id, 'request_id', ${value.request_id}::text)`,
      of: sql`owner where owner.email_verified_at is not null`,
    })})
    select created.id from created left join queued on true`,
)

/** The user's own record, and the live one with this address that has no login: locked in one order. */
export const lockLinkable = statement<{ user_id: number; email: string }>()(
  (value) => sql<LinkableRecord>`
    select customers.id, customers.email, coalesce(customers.user_id = ${value.user_id}, false) as own, ${customerState} as state from customers
    where customers.user_id = ${value.user_id}
      or customers.archived_at is null and customers.user_id is null and lower(customers.email) = lower(${value.email})
    order by customers.id for update`,
)

/** Takes the login off a record. One that is live is archived, and its tickets go to the customer who it turned out to be. */
export const replaceRecord = statement<{ id: number; into: number } & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (${locked(value.id)}),
    changed as (
      update customers set user_id = null, archived_at = coalesce(customers.archived_at, clock_timestamp()), ${touchedBy(value)}
      from before where customers.id = before.id and (before.row).user_id is not null
      returning customers.*
    ),
    tickets_before as (
      select tickets.id, tickets as row from tickets join before on tickets.customer_id = before.id
      where before.state = 'LIVE' order by tickets.id for update of tickets
    ),
    tickets_changed as (
      update tickets set customer_id = ${value.into}, ${touch('tickets')}
      from tickets_before, changed where tickets.id = tickets_before.id
      returning tickets.*
    ),
    ${audited(value, {
      action: sql`case before.state when 'LIVE' then 'customer.archived' else 'customer.unlinked' end`,
      recordType: 'customer',
      before: sql`before`,
      after: sql`changed`,
    })},
    ${audited(value, { action: 'ticket.moved', recordType: 'ticket', before: sql`tickets_before`, after: sql`tickets_changed` })}
    select changed.id from changed`,
)

/** Whoever wanted no mail as a customer wants none as a user. No row: it has a login, or is not in a state for one. */
export const linkRecord = statement<{ id: number; user_id: number } & From & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (${locked(value.id)}),
    changed as (
      update customers set user_id = ${value.user_id}, ${touchedBy(value)}
      from before where customers.id = before.id and before.state = any(${value.from}) and customers.user_id is null
      returning customers.*
    ),
    user_before as (
      select users.id, users as row from users join changed on changed.user_id = users.id
      where users.notifications and not changed.notifications
    ),
    user_changed as (
      update users set notifications = false, ${touch('users')} from user_before where users.id = user_before.id
      returning users.*
    ),
    ${audited(value, { action: 'customer.linked', recordType: 'customer', before: sql`before`, after: sql`changed` })},
    ${audited(value, {
      action: 'user.notifications_changed',
      recordType: 'user',
      before: sql`user_before`,
      after: sql`user_changed`,
    })}
    select changed.id from changed`,
)

/** No row: the record has an address, or another live customer has this one. */
export const giveAddress = statement<{ id: number; email: string } & From & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (${locked(value.id)}),
    changed as (
      update customers set email = ${value.email}, ${touchedBy(value)}
      from before where customers.id = before.id and before.state = any(${value.from}) and customers.email is null
        and not exists (
          select from customers as others where others.archived_at is null and lower(others.email) = lower(${value.email})
        )
      returning customers.*
    ),
    ${audited(value, { action: 'customer.updated', recordType: 'customer', before: sql`before`, after: sql`changed` })}
    select changed.id from changed`,
)
