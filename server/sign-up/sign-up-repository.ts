import { sql } from 'kysely'
import { confirmationMailed } from '../auth/index.ts'
import { ownRecordsMade } from '../customers/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { statement } from '../db/statement.ts'

interface NewAccount {
  readonly username: string
  readonly first_name: string
  readonly last_name: string
  /** Where a link is mailed to. The user has no address before it is followed. */
  readonly email: string
  readonly password_hash: string
}

/** Makes a user with the role customer and their own customer record. Without an actor they do so themselves. */
export const insertPortalLogin = statement<NewAccount & Auditing>()((value) => {
  const actorId = sql`coalesce(${value.actor_id}::bigint, (select created.id from created))`
  return sql<{ id: number }>`
    with created as (
      insert into users (username, first_name, last_name, role, password_hash)
      values (${value.username}, ${value.first_name}, ${value.last_name}, 'customer', ${value.password_hash})
      returning *
    ),
    record as (${ownRecordsMade(sql`created as users`, actorId)}),
    ${audited(value, { action: 'user.created', recordType: 'user', after: sql`created`, actorId })},
    ${audited(value, { action: 'customer.created', recordType: 'customer', after: sql`record`, actorId })},
    links as (${confirmationMailed({ email: value.email, accounts: sql`created as account`, after: 'signing_up' })})
    select created.id from created left join links on true`
})
