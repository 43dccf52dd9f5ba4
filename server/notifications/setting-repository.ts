// Who wants mail and who does not, as whoever follows a link in one says.
import { sql } from 'kysely'
import type { Role } from '../../contract/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { statement } from '../db/statement.ts'
import { touch } from '../db/touch.ts'

export interface Setting {
  /** Null for a customer without a login. */
  readonly user_id: number | null
  readonly role: Role
  /** Where mail goes, if anywhere. */
  readonly email: string | null
  readonly notifications: boolean
}

export const findUsersSetting = statement<{ id: number }>()(
  (value) => sql<Setting>`
    select users.id as user_id, users.role, users.email, users.notifications
    from users where users.id = ${value.id} and not users.is_service`,
)

/** That of their login, once they have one. */
export const findCustomersSetting = statement<{ id: number }>()(
  (value) => sql<Setting>`
    select users.id as user_id, coalesce(users.role, 'customer') as role,
      case when users.id is null then customers.email else users.email end as email,
      case when users.id is null then customers.notifications else users.notifications end as notifications
    from customers left join users on users.id = customers.user_id where customers.id = ${value.id}`,
)

type Change = { readonly id: number; readonly email: string; readonly notifications: boolean }

// No row: it is so already, or mail has begun to go elsewhere.

export const setUsersSetting = statement<Change & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (select users.id, users as row from users where users.id = ${value.id} for update),
    changed as (
      update users set notifications = ${value.notifications}, ${touch('users')}
      from before
      where users.id = before.id and users.notifications <> ${value.notifications} and lower(users.email) = lower(${value.email})
      returning users.*
    ),
    ${audited(value, { action: 'user.notifications_changed', recordType: 'user', before: sql`before`, after: sql`changed` })}
    select changed.id from changed`,
)

export const setCustomersSetting = statement<Change & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (select customers.id, customers as row from customers where customers.id = ${value.id} for update),
    changed as (
      update customers set notifications = ${value.notifications}, ${touch('customers')}
      from before
      where customers.id = before.id and customers.user_id is null and customers.notifications <> ${value.notifications}
        and lower(customers.email) = lower(${value.email})
      returning customers.*
    ),
    ${audited(value, { action: 'customer.notifications_changed', recordType: 'customer', before: sql`before`, after: sql`changed` })}
    select changed.id from changed`,
)
