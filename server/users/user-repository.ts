import { sql } from 'kysely'
import type { User } from '../../contract/index.ts'
import { accessEnded } from '../credentials/access-repository.ts'
import { mailedLinksEnded } from '../credentials/one-time-token-repository.ts'
import { adminsLock } from '../db/advisory-locks.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { enqueued } from '../db/enqueue.ts'
import { list } from '../db/list.ts'
import { matches } from '../db/search.ts'
import { statement } from '../db/statement.ts'
import { touch } from '../db/touch.ts'

const columns = sql`users.id, users.username, users.email, users.email_verified_at is not null as email_verified, users.first_name,
  users.last_name, users.role, users.status, users.invited_at, users.disabled_at, users.created_at, users.updated_at, users.version`

const searchText = sql`user_search_text(users.first_name, users.last_name, users.username, users.email)`

/** As opposed to who a program is when it acts on its own: that goes by its client. */
const isPerson = sql`not users.is_service`

export const findUser = statement<{ id: number }>()(
  (value) => sql<User>`select ${columns} from users where users.id = ${value.id} and ${isPerson}`,
)

/** The user who has this username or e-mail address, other than the one named. */
export const findKeyHolder = statement<{
  username: string | null
  email: string | null
  except: number | null
}>()(
  (value) => sql<{ id: number }>`
    select users.id from users
    where (lower(users.username) = lower(${value.username}) or lower(users.email) = lower(${value.email}))
      and users.id is distinct from ${value.except}::bigint
    limit 1`,
)

export interface UserFilters {
  readonly username?: string | undefined
  readonly email?: string | undefined
  readonly role?: string | undefined
  readonly status?: string | undefined
  readonly q?: string | undefined
  readonly person: true
}

export const pageOfUsers = list<User, UserFilters>({
  columns,
  table: 'users',
  sorts: { created: sql`users.created_at`, updated: sql`users.updated_at` },
  filters: {
    username: (name) => ({
      column: sql`lower(users.username)`,
      value: sql`lower(${name})`,
      shared: 'by few',
    }),
    email: (email) => ({ column: sql`lower(users.email)`, value: sql`lower(${email})`, shared: 'by few' }),
    status: (status) => ({ column: sql`users.status`, value: sql`${status}::text`, shared: 'by many' }),
    person: () => isPerson,
    role: (role) => ({ column: sql`users.role`, value: sql`${role}::text`, shared: 'by many' }),
  },
  search: {
    q: {
      ids: (pattern) => sql`select users.id from users where ${isPerson} and ${matches(searchText, pattern)}`,
      holds: (pattern) => sql`select ${matches(searchText, pattern)}`,
    },
  },
})

export interface NewUser {
  readonly username: string
  readonly email: string | null
  readonly first_name: string
  readonly last_name: string
  readonly role: string
  /** Null for one who is invited. */
  readonly password_hash: string | null
}

const invitation = (of: string) =>
  enqueued({
    task: 'mail_invitation',
    payload: sql`json_build_object('user_id', ${sql.ref(`${of}.id`)})`,
    of: sql`${sql.ref(of)} where ${sql.ref(`${of}.status`)} = 'invited'`,
  })

/** Whoever got their password from an admin proves their address by this; whoever is invited, by the invitation. */
const confirmation = enqueued({
  task: 'mail_email_change',
  payload: sql`json_build_object('user_id', created.id, 'email', created.email, 'asked_at', clock_timestamp(), 'after', 'making')`,
  of: sql`created where created.status = 'active' and created.email is not null`,
})

export const insertUser = statement<NewUser & Auditing>()(
  (value) => sql<User>`
    with created as (
      insert into users (username, email, first_name, last_name, role, password_hash, invited_at)
      values (${value.username}, ${value.email}, ${value.first_name}, ${value.last_name}, ${value.role}, ${value.password_hash},
        case when ${value.password_hash}::text is null then now() end)
      returning *
    ),
    ${audited(value, { action: 'user.created', recordType: 'user', after: sql`created` })},
    queued as (${invitation('created')}),
    links as (${confirmation})
    select ${columns} from created as users left join queued on true left join links on true`,
)

/**
 * Held by whatever takes an active admin away, until its transaction ends: each then sees what the one before it left. A lock of
 * its own: were it the admins' rows, two that hold one each already could wait for each other.
 */
export const lockAdmins = statement<object>()(() => sql`select pg_advisory_xact_lock(${sql.lit(adminsLock)})`)

const locked = (id: number) =>
  sql`select users.id, users.role, users.email, users.status, users as row from users
    where users.id = ${id} and ${isPerson} for update`

/** True unless the locked user is the last admin who can sign in. */
const anotherAdminStays = sql`(before.role <> 'admin' or before.status <> 'active' or exists (
        select from users as others where others.role = 'admin' and others.status = 'active' and others.id <> before.id
      ))`

type From = { readonly from: readonly string[] }

/** Sets the fields that `changes` (JSON) names. No row: absent, or it would leave no admin. */
export const updateUser = statement<{ id: number; changes: string } & From & Auditing>()(
  (value) => sql<User>`
    with before as (${locked(value.id)}),
    changed as (
      update users set
        (username, email, first_name, last_name, role) = (next.username, next.email, next.first_name, next.last_name, next.role),
        email_verified_at = case when lower(next.email) = lower(before.email) then users.email_verified_at end,
        ${touch('users')}
      from before, jsonb_populate_record(before.row, ${value.changes}::jsonb) as next
      where users.id = before.id and before.status = any(${value.from}) and (next.role = 'admin' or ${anotherAdminStays})
      returning users.*
    ),
    moved as (
      select changed.id, before.email from changed join before on before.id = changed.id
      where lower(before.email) is distinct from lower(changed.email)
    ),
    ${mailedLinksEnded(sql`moved`)},
    notices as (${enqueued({
      task: 'mail_email_moved_notice',
      payload: sql`json_build_object('email', moved.email)`,
      of: sql`moved where moved.email is not null`,
    })}),
    ${audited(value, {
      action: sql`case when before.role = after.role then 'user.updated' else 'user.role_changed' end`,
      recordType: 'user',
      before: sql`before`,
      after: sql`changed`,
    })}
    select ${columns} from changed as users left join notices on true`,
)

/** Disables a user and ends all that lets them in. No row: absent, disabled already, or it would leave no admin. */
export const disableUser = statement<{ id: number } & From & Auditing>()(
  (value) => sql<{ id: number }>`
    with before as (${locked(value.id)}),
    changed as (
      update users set disabled_at = clock_timestamp(), access_ended_at = clock_timestamp(), ${touch('users')}
      from before
      where users.id = before.id and before.status = any(${value.from}) and ${anotherAdminStays}
      returning users.*
    ),
    ${accessEnded(value, { of: sql`changed` })},
    ${mailedLinksEnded(sql`changed`)},
    ${audited(value, { action: 'user.disabled', recordType: 'user', before: sql`before`, after: sql`changed` })}
    select changed.id from changed`,
)

/** No row: absent, or not disabled. */
export const enableUser = statement<{ id: number } & From & Auditing>()(
  (value) => sql<User>`
    with before as (${locked(value.id)}),
    changed as (
      update users set disabled_at = null, ${touch('users')}
      from before where users.id = before.id and before.status = any(${value.from})
      returning users.*
    ),
    ${audited(value, { action: 'user.enabled', recordType: 'user', before: sql`before`, after: sql`changed` })}
    select ${columns} from changed as users`,
)

/** Sends a new link. No row: absent, not in a state for it, or without a username or an e-mail address. */
export const inviteUser = statement<{ id: number } & From & Auditing>()(
  (value) => sql<User>`
    with before as (${locked(value.id)}),
    changed as (
      update users set invited_at = clock_timestamp(), ${touch('users')}
      from before
      where users.id = before.id and before.status = any(${value.from}) and users.username is not null and users.email is not null
      returning users.*
    ),
    ${audited(value, { action: 'user.invited', recordType: 'user', before: sql`before`, after: sql`changed` })},
    queued as (${invitation('changed')})
    select ${columns} from changed as users left join queued on true`,
)
