import { sql } from 'kysely'
import type { Customer } from '../../contract/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { list } from '../db/list.ts'
import { statement } from '../db/statement.ts'
import { touch } from '../db/touch.ts'
import { matches } from '../db/search.ts'
import { photoVersionLength } from './photo-rules.ts'

/** Another URL for every other photo, so that an answer to it may be kept for ever. */
const photoUrl = sql`'/api/v1/customers/' || customers.id || '/photo?v=' || left(customers.photo_large_hash, ${sql.lit(photoVersionLength)})`

export const columns = sql`customers.first_name, customers.last_name, customers.phone, customers.email, customers.company,
  customers.external_id, ${photoUrl} as photo_url, customers.id, customers.created_at, customers.updated_at, customers.version,
  customers.created_by, customers.updated_by, customers.user_id, customers.archived_at`

const searchText = sql`customer_search_text(customers.first_name, customers.last_name, customers.company, customers.email,
  customers.phone, customers.external_id)`

export const findCustomer = statement<{ id: number }>()(
  (value) => sql<Customer>`select ${columns} from customers where customers.id = ${value.id}`,
)

/** The live customer who holds this key, other than the one named. */
export const findKeyHolder = statement<{
  phone: string | null
  email: string | null
  external_id: string | null
  except: number | null
}>()(
  (value) => sql<{ id: number }>`
    select customers.id from customers
    where customers.archived_at is null and customers.id is distinct from ${value.except}::bigint
      and (customers.phone = ${value.phone} or lower(customers.email) = lower(${value.email})
        or customers.external_id = ${value.external_id})
    limit 1`,
)

export interface CustomerFilters {
  readonly first_name?: string | undefined
  readonly last_name?: string | undefined
  readonly phone?: string | undefined
  readonly email?: string | undefined
  readonly external_id?: string | undefined
  readonly q?: string | undefined
  /** Present when archived customers are to be left out. */
  readonly live?: true | undefined
}

export const pageOfCustomers = list<Customer, CustomerFilters>({
  columns,
  table: 'customers',
  sorts: { created: sql`customers.created_at`, updated: sql`customers.updated_at` },
  filters: {
    external_id: (externalId) => ({
      column: sql`customers.external_id`,
      value: sql`${externalId}`,
      shared: 'by few',
    }),
    phone: (phone) => ({ column: sql`customers.phone`, value: sql`${phone}`, shared: 'by few' }),
    email: (email) => ({
      column: sql`lower(customers.email)`,
      value: sql`lower(${email})`,
      shared: 'by few',
    }),
    last_name: (name) => ({
      column: sql`lower(customers.last_name)`,
      value: sql`lower(${name})`,
      shared: 'by few',
    }),
    first_name: (name) => ({
      column: sql`lower(customers.first_name)`,
      value: sql`lower(${name})`,
      shared: 'by few',
    }),
  },
  archivable: true,
  search: {
    q: {
      ids: (pattern) => sql`select customers.id from customers where ${matches(searchText, pattern)}`,
      holds: (pattern) => sql`select ${matches(searchText, pattern)}`,
    },
  },
})

export interface NewCustomer {
  readonly first_name: string
  readonly last_name: string
  readonly phone: string | null
  readonly email: string | null
  readonly company: string | null
  readonly external_id: string | null
}

/** What names a photo's files and what must be in them; all null where there is none. */
export interface PhotoColumns {
  readonly photo_key: string | null
  readonly photo_large_hash: string | null
  readonly photo_small_hash: string | null
}

export const insertCustomer = statement<NewCustomer & PhotoColumns & Auditing>()(
  (value) => sql<Customer>`
    with created as (
      insert into customers (first_name, last_name, phone, email, company, external_id,
        photo_key, photo_large_hash, photo_small_hash, created_by, updated_by)
      values (${value.first_name}, ${value.last_name}, ${value.phone}, ${value.email}, ${value.company}, ${value.external_id},
        ${value.photo_key}, ${value.photo_large_hash}, ${value.photo_small_hash}, ${value.actor_id}, ${value.actor_id})
      returning *
    ),
    ${audited(value, { action: 'customer.created', recordType: 'customer', after: sql`created` })}
    select ${columns} from created as customers`,
)

/** Their state in the words of customer-rules.ts; for every statement that depends on it. */
export const customerState = sql`case when customers.archived_at is null then 'LIVE' else 'ARCHIVED' end`

/** Locks the customer as they are now; what may happen is decided by this row (see the ticket's). */
export const locked = (id: number) =>
  sql`select customers.id, ${customerState} as state, customers as row
    from customers where customers.id = ${id} for update`

/** The states from which it may happen; given as values, so that the table of rules is the only place that knows. */
export type From = { readonly from: readonly string[] }

/** What every change of a customer sets. */
export const touchedBy = (value: Auditing) =>
  sql`updated_by = ${value.actor_id}::bigint, ${touch('customers')}`

/**
 * Sets the fields that `changes` (JSON) names, on a live customer. No row: absent or archived. That somebody wants no mail was said
 * of their address, and ends with it.
 */
export const updateCustomer = statement<{ id: number; changes: string } & From & Auditing>()(
  (value) => sql<Customer>`
    with before as (${locked(value.id)}),
    changed as (
      update customers set
        (first_name, last_name, phone, email, company, external_id)
          = (next.first_name, next.last_name, next.phone, next.email, next.company, next.external_id),
        notifications = customers.notifications or lower(next.email) is distinct from lower(customers.email),
        ${touchedBy(value)}
      from before, jsonb_populate_record(before.row, ${value.changes}::jsonb) as next
      where customers.id = before.id and before.state = any(${value.from})
      returning customers.*
    ),
    ${audited(value, { action: 'customer.updated', recordType: 'customer', before: sql`before`, after: sql`changed` })}
    select ${columns} from changed as customers`,
)

// Archiving and restoring a customer moves the tickets with them: one rule, one statement, so it stands here although the
// tickets module owns that table.

/** Taken before archiving or restoring, in the same transaction: whoever is logging a request for the customer right now is waited for and seen. */
export const lockCustomer = statement<{ id: number }>()(
  (value) =>
    sql<{ id: number }>`select customers.id from customers where customers.id = ${value.id} for update`,
)

/** Archives a live customer and their live tickets. No row: absent or archived already. */
export const archiveCustomer = statement<{ id: number } & From & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (${locked(value.id)}),
    changed as (
      update customers set archived_at = clock_timestamp(), ${touchedBy(value)}
      from before where customers.id = before.id and before.state = any(${value.from})
      returning customers.*
    ),
    tickets_before as (
      select tickets.id, tickets as row from tickets join changed on tickets.customer_id = changed.id
      where tickets.archived_at is null for update of tickets
    ),
    tickets_changed as (
      update tickets set archived_at = changed.archived_at, archived_with_customer = true, ${touch('tickets')}
      from tickets_before, changed where tickets.id = tickets_before.id
      returning tickets.*
    ),
    ${audited(value, { action: 'customer.archived', recordType: 'customer', before: sql`before`, after: sql`changed` })},
    ${audited(value, { action: 'ticket.archived', recordType: 'ticket', before: sql`tickets_before`, after: sql`tickets_changed` })}
    select changed.id from changed`,
)

/** Restores an archived customer and the tickets that went with them. No row: absent or live already. */
export const restoreCustomer = statement<{ id: number } & From & Auditing>()(
  (value) => sql<Customer>`
    with before as (${locked(value.id)}),
    changed as (
      update customers set archived_at = null, ${touchedBy(value)}
      from before where customers.id = before.id and before.state = any(${value.from})
      returning customers.*
    ),
    tickets_before as (
      select tickets.id, tickets as row from tickets join changed on tickets.customer_id = changed.id
      where tickets.archived_with_customer for update of tickets
    ),
    tickets_changed as (
      update tickets set archived_at = null, archived_with_customer = false, ${touch('tickets')}
      from tickets_before where tickets.id = tickets_before.id
      returning tickets.*
    ),
    ${audited(value, { action: 'customer.restored', recordType: 'customer', before: sql`before`, after: sql`changed` })},
    ${audited(value, { action: 'ticket.restored', recordType: 'ticket', before: sql`tickets_before`, after: sql`tickets_changed` })}
    select ${columns} from changed as customers`,
)
