import { sql } from 'kysely'
import type { Me } from '../../contract/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { statement } from '../db/statement.ts'
import { touch } from '../db/touch.ts'

const columns = sql`users.id, users.username, users.email, users.email_verified_at is not null as email_verified,
  users.first_name, users.last_name, users.role, users.notifications, users.created_at, users.updated_at, users.version`

export const findAccount = statement<{ id: number }>()(
  (value) => sql<Me>`select ${columns} from users where users.id = ${value.id}`,
)

/** A program's name is its client's. */
const locked = (id: number) =>
  sql`select users.id, users as row from users where users.id = ${id} and not users.is_service for update`

/** Sets what is not null. No row: absent, or a program. */
export const updateAccount = statement<
  {
    id: number
    first_name: string | null
    last_name: string | null
    notifications: boolean | null
  } & Auditing
>()(
  (value) => sql<Me>`
    with before as (${locked(value.id)}),
    changed as (
      update users set first_name = coalesce(${value.first_name}, users.first_name),
        last_name = coalesce(${value.last_name}, users.last_name),
        notifications = coalesce(${value.notifications}, users.notifications), ${touch('users')}
      from before where users.id = before.id
      returning users.*
    ),
    ${audited(value, { action: 'user.updated', recordType: 'user', before: sql`before`, after: sql`changed` })}
    select ${columns} from changed as users`,
)
