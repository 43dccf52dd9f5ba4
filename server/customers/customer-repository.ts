import { sql } from 'kysely'
import type { Customer } from '../../contract/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { list } from '../db/list.ts'
import { statement } from '../db/statement.ts'
import { touch } from '../db/touch.ts'
import { matches } from '../db/search.ts'

const columns = sql`customers.first_name, customers.last_name, customers.phone, customers.email, customers.company,
  customers.id, customers.created_at, customers.updated_at, customers.version, customers.archived_at`

const searchText = sql`customer_search_text(customers.first_name, customers.last_name, customers.company, customers.email, customers.phone)`

export const findCustomer = statement<{ id: number }>()(
  (value) => sql<Customer>`select ${columns} from customers where customers.id = ${value.id}`,
)

/** The live customer who holds this phone or e-mail address, other than the one named. */
export const findKeyHolder = statement<{
  phone: string | null
  email: string | null
  except: number | null
}>()(
  (value) => sql<{ id: number; phone: string | null }>`
    select customers.id, customers.phone from customers
    where customers.archived_at is null and customers.id is distinct from ${value.except}::bigint
      and (customers.phone = ${value.phone} or lower(customers.email) = lower(${value.email}))
    limit 1`,
)

export interface CustomerFilters {
  readonly first_name?: string | undefined
  readonly last_name?: string | undefined
  readonly phone?: string | undefined
  readonly email?: string | undefined
  readonly q?: string | undefined
  /** Present when archived customers are to be left out. */
  readonly live?: true | undefined
}

export const pageOfCustomers = list<Customer, CustomerFilters>({
  columns,
  table: 'customers',
  sorts: { created: sql`customers.created_at`, updated: sql`customers.updated_at` },
  filters: {
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
    ids: (pattern) => sql`select customers.id from customers where ${matches(searchText, pattern)}`,
    holds: (pattern) => sql`select ${matches(searchText, pattern)}`,
  },
})

export interface NewCustomer {
  readonly first_name: string
  readonly last_name: string
  readonly phone: string | null
  readonly email: string | null
  readonly company: string | null
}

export const insertCustomer = statement<NewCustomer & Auditing>()(
  (value) => sql<Customer>`
    with created as (
      insert into customers (first_name, last_name, phone, email, company)
      values (${value.first_name}, ${value.last_name}, ${value.phone}, ${value.email}, ${value.company})
      returning *
    ),
    ${audited(value, { action: 'customer.created', recordType: 'customer', after: sql`created` })}
    select ${columns} from created as customers`,
)

/** Their state in the words of customer-rules.ts; for every statement that depends on it. */
export const customerState = sql`case when customers.archived_at is null then 'LIVE' else 'ARCHIVED' end`

/** Locks the customer as they are now; what may happen is decided by this row (see the ticket's). */
const locked = (id: number) =>
  sql`select customers.id, ${customerState} as state, customers as row
    from customers where customers.id = ${id} for update`

/** The states from which it may happen; given as values, so that the table of rules is the only place that knows. */
type From = { readonly from: readonly string[] }

/** Sets the fields that `changes` (JSON) names, on a live customer. No row: absent or archived. */
export const updateCustomer = statement<{ id: number; changes: string } & From & Auditing>()(
  (value) => sql<Customer>`
    with before as (${locked(value.id)}),
    changed as (
      update customers set
        (first_name, last_name, phone, email, company) = (next.first_name, next.last_name, next.phone, next.email, next.company),
        ${touch('customers')}
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
      update customers set archived_at = clock_timestamp(), ${touch('customers')}
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
      update customers set archived_at = null, ${touch('customers')}
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
