import { sql } from 'kysely'
import { statement } from '../db/statement.ts'

export interface Account {
  readonly id: number
  readonly username: string | null
  readonly email: string | null
  readonly email_verified: boolean
  readonly first_name: string
  readonly last_name: string
}

/** What a client may be told of who signed in. No row: there is nobody of that number who could. */
export const findAccount = statement<{ id: number }>()(
  (value) => sql<Account>`
    select users.id, users.username, users.email, users.email_verified_at is not null as email_verified,
      users.first_name, users.last_name
    from users
    where users.id = ${value.id} and users.disabled_at is null and not users.is_service`,
)
