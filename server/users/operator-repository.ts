import { sql } from 'kysely'
import type { Operator } from '../../contract/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { list } from '../db/list.ts'
import { statement } from '../db/statement.ts'

const columns = sql`users.first_name, users.last_name, users.id, users.email, users.created_at, users.updated_at,
  users.version, users.disabled_at`

const isOperator = sql`users.role in ('operator', 'admin') and not users.is_service`

export const findOperator = statement<{ id: number }>()(
  (value) => sql<Operator>`select ${columns} from users where users.id = ${value.id} and ${isOperator}`,
)

export const pageOfOperators = list<Operator, { active: true }>({
  columns: columns,
  table: 'users',
  sorts: { created: sql`users.created_at` },
  filters: { active: () => sql`${isOperator} and users.disabled_at is null` },
})

export const findOperatorByEmail = statement<{ email: string }>()(
  (value) =>
    sql<{
      id: number
    }>`select users.id from users where lower(users.email) = lower(${value.email}) and ${isOperator}`,
)

export const insertOperator = statement<
  { first_name: string; last_name: string; email: string | null } & Auditing
>()(
  (value) => sql<Operator>`
    with created as (
      insert into users (first_name, last_name, email, role)
      values (${value.first_name}, ${value.last_name}, ${value.email}, 'operator')
      returning *
    ),
    ${audited(value, { action: 'user.created', recordType: 'user', after: sql`created` })}
    select ${columns} from created as users`,
)
