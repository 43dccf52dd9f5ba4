import { sql } from 'kysely'
import type { Me } from '../../contract/index.ts'
import { firstAdminLock } from '../db/advisory-locks.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { statement } from '../db/statement.ts'
import { confirmationMailed } from './mailed-link-repository.ts'

const columns = sql`users.id, users.username, users.email, users.email_verified_at is not null as email_verified,
  users.first_name, users.last_name, users.role, users.notifications, users.created_at, users.updated_at, users.version`

/** Held until the transaction ends, so that instances that start together take turns. */
export const lockFirstAdmin = statement<object>()(
  () => sql`select pg_advisory_xact_lock(${sql.lit(firstAdminLock)})`,
)

const anAdmin = sql`select from users where users.role = 'admin' and users.password_hash is not null`

export const hasAdmin = statement<object>()(() => sql<{ found: boolean }>`select exists(${anAdmin}) as found`)

export const insertAdmin = statement<{ username: string; password_hash: string } & Auditing>()(
  (value) => sql<Me>`
    with created as (
      insert into users (username, role, password_hash) values (${value.username}, 'admin', ${value.password_hash})
      returning *
    ),
    ${audited(value, { action: 'user.created', recordType: 'user', after: sql`created` })}
    select ${columns} from created as users`,
)

const workingSetUpToken = (secretHash: Buffer) => sql`
  one_time_tokens.purpose = 'setup' and one_time_tokens.secret_hash = ${secretHash}
  and one_time_tokens.used_at is null and one_time_tokens.expires_at > now() and not exists (${anAdmin})`

/** Only the link of the latest start works. */
export const replaceSetUpToken = statement<{ secret_hash: Buffer; minutes: number }>()(
  (value) => sql`
    with old as (delete from one_time_tokens where purpose = 'setup')
    insert into one_time_tokens (purpose, secret_hash, expires_at)
    values ('setup', ${value.secret_hash}, now() + ${value.minutes} * interval '1 minute')`,
)

export const findSetUpToken = statement<{ secret_hash: Buffer }>()(
  (value) =>
    sql<{
      id: number
    }>`select one_time_tokens.id from one_time_tokens where ${workingSetUpToken(value.secret_hash)}`,
)

/** Uses the token up and makes the admin, in one statement: of fifty calls at once one gets a row. */
export const redeemSetUpToken = statement<
  {
    secret_hash: Buffer
    username: string
    password_hash: string
    email: string | null
    first_name: string
    last_name: string
  } & Auditing
>()(
  (value) => sql<Me>`
    with used as (
      update one_time_tokens set used_at = now() where ${workingSetUpToken(value.secret_hash)} returning id
    ),
    created as (
      insert into users (username, role, password_hash, email, first_name, last_name)
      select ${value.username}, 'admin', ${value.password_hash}, ${value.email}, ${value.first_name}, ${value.last_name} from used
      returning *
    ),
    ${audited(value, { action: 'user.created', recordType: 'user', after: sql`created` })},
    links as (${confirmationMailed({
      email: value.email,
      accounts: sql`created as account where account.email is not null`,
      after: 'making',
    })})
    select ${columns} from created as users left join links on true`,
)
