import { type RawBuilder, sql } from 'kysely'
import type { Role } from '../../contract/index.ts'
import { accessEnded } from '../credentials/access-repository.ts'
import { mailedLinksEnded } from '../credentials/one-time-token-repository.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { deleteInParts } from '../db/delete-in-parts.ts'
import { enqueued } from '../db/enqueue.ts'
import { statement } from '../db/statement.ts'
import { touch } from '../db/touch.ts'

export type Purpose = 'invitation' | 'password_reset' | 'email_change'

// What is to be mailed goes into the queue. The secret is made by the job that mails it, so that it lies nowhere else.

export const enqueueForgottenPassword = statement<{ email: string }>()(
  (value) =>
    sql`select enqueue_job('mail_password_reset', json_build_object('email', ${value.email}::text, 'asked_at', clock_timestamp()))`,
)

/** What an address is to be confirmed after: signing up, or that an admin, or the first one by setting up, has made the account. */
export type ConfirmedAfter = 'signing_up' | 'making' | 'change'

interface Confirmation {
  readonly email: unknown
  /** Rows called `account`, of users. */
  readonly accounts: RawBuilder<unknown>
  readonly after: ConfirmedAfter
}

/** For a CTE of a statement: mails a link to this address, by which the user of each of these rows proves it theirs. */
export const confirmationMailed = ({ email, accounts, after }: Confirmation): RawBuilder<unknown> =>
  enqueued({
    task: 'mail_email_change',
    payload: sql`json_build_object('user_id', account.id, 'email', ${email}::text, 'asked_at', clock_timestamp(), 'after', ${sql.lit(after)})`,
    of: accounts,
  })

/** Mails for the new address and for the one so far, if that is another. */
export const enqueueEmailChange = statement<{ user_id: number; email: string }>()(
  (value) => sql`
    with account as (select users.id, users.email from users where users.id = ${value.user_id} and users.status = 'active'),
    links as (${confirmationMailed({ email: value.email, accounts: sql`account`, after: 'change' })}),
    notices as (${enqueued({
      task: 'mail_email_change_notice',
      payload: sql`json_build_object('email', account.email)`,
      of: sql`account where lower(account.email) <> lower(${value.email})`,
    })})
    select account.id from account left join links on true left join notices on true`,
)

export interface Recipient {
  readonly email: string
  readonly username: string
}

type Minting = { readonly secret_hash: Buffer; readonly minutes: number }

/** Makes a secret of whoever is to get it; one of the same purpose from before works no more. */
const minted = (purpose: Purpose, value: Minting, person: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  with person as (${person}),
  minted as (
    insert into one_time_tokens (purpose, user_id, email, secret_hash, expires_at)
    select ${sql.lit(purpose)}, person.id, person.email, ${value.secret_hash}, now() + ${value.minutes} * interval '1 minute' from person
    on conflict (user_id, purpose) where used_at is null do update
      set email = excluded.email, secret_hash = excluded.secret_hash, created_at = excluded.created_at, expires_at = excluded.expires_at
    returning one_time_tokens.user_id
  )
  select person.email, person.username from person join minted on minted.user_id = person.id`

/** Whoever was in when it was asked for may have been put out since; a job that is tried again would let them in once more. */
const askedSince = (asked_at: unknown) => sql`users.access_ended_at < ${asked_at}::timestamptz`

// Each answers no row where there is nobody to mail it to any more.

export const mintInvitation = statement<{ user_id: number } & Minting>()(
  (value) =>
    sql<Recipient>`${minted(
      'invitation',
      value,
      sql`select users.id, users.email, users.username from users
      where users.id = ${value.user_id} and users.status = 'invited' and users.username is not null and users.email is not null`,
    )}`,
)

export const mintPasswordReset = statement<{ email: string; asked_at: string } & Minting>()(
  (value) =>
    sql<Recipient>`${minted(
      'password_reset',
      value,
      sql`select users.id, users.email, users.username from users
      where lower(users.email) = lower(${value.email}) and users.status = 'active' and ${askedSince(value.asked_at)}`,
    )}`,
)

/** Bound to the new address, where nobody else has that. */
export const mintEmailChange = statement<{ user_id: number; email: string; asked_at: string } & Minting>()(
  (value) =>
    sql<Recipient>`${minted(
      'email_change',
      value,
      sql`select users.id, ${value.email}::text as email, users.username from users
      where users.id = ${value.user_id} and users.status = 'active' and ${askedSince(value.asked_at)}
        and not exists (select from users as others where lower(others.email) = lower(${value.email}) and others.id <> users.id)`,
    )}`,
)

export const findUsername = statement<{ id: number }>()(
  (value) => sql<Recipient>`
    select users.email, users.username from users
    where users.id = ${value.id} and users.email is not null and users.username is not null`,
)

/** Whom a link that works now was mailed to. */
export const findMailedLink = statement<{ purpose: Purpose; secret_hash: Buffer }>()(
  (value) => sql<{ user_id: number; role: Role; username: string | null }>`
    select users.id as user_id, users.role, users.username
    from one_time_tokens join users on users.id = one_time_tokens.user_id
    where one_time_tokens.purpose = ${value.purpose} and one_time_tokens.secret_hash = ${value.secret_hash}
      and one_time_tokens.used_at is null and one_time_tokens.expires_at > now()`,
)

type Using = { readonly user_id: number; readonly secret_hash: Buffer } & Auditing

/** The account, locked as it is now, and its link, used up: of many calls at once one gets a row. */
const usedUp = (purpose: Purpose, value: Using, { address }: { address: RawBuilder<unknown> }) => sql`
    before as (select users.id, users.email, users.status, users as row from users where users.id = ${value.user_id} for update),
    used as (
      update one_time_tokens set used_at = clock_timestamp() from before
      where one_time_tokens.purpose = ${sql.lit(purpose)} and one_time_tokens.secret_hash = ${value.secret_hash}
        and one_time_tokens.user_id = before.id and before.status = ${sql.lit(purpose === 'invitation' ? 'invited' : 'active')}
        and lower(one_time_tokens.email) = lower(${address})
        and one_time_tokens.used_at is null and one_time_tokens.expires_at > now()
      returning one_time_tokens.id, one_time_tokens.user_id, one_time_tokens.email
    )`

const itsLink = sql`(select used.id from used)`
const mailedTo = { address: sql`before.email` }

/** Whoever followed the link has shown that mail to the address reaches them. */
const verified = sql`email_verified_at = coalesce(users.email_verified_at, clock_timestamp())`

/** What the shop knows of a customer with this address is their login's from now on: a job of the customers module sees to it. */
const linkingQueued = (value: Auditing) =>
  enqueued({
    task: 'link_customer',
    payload: sql`json_build_object('user_id', changed.id, 'request_id', ${value.request_id}::text)`,
    of: sql`changed join before on before.id = changed.id
      where changed.role = 'customer' and changed.email_verified_at is distinct from (before.row).email_verified_at`,
  })

/** No row: the link does not work any more. */
export const acceptInvitation = statement<{ password_hash: string } & Using>()(
  (value) => sql<{ id: number }>`
    with ${usedUp('invitation', value, mailedTo)},
    changed as (
      update users set password_hash = ${value.password_hash}, ${verified}, ${touch('users')}
      from used where users.id = used.user_id
      returning users.*
    ),
    ${mailedLinksEnded(sql`changed`, itsLink)},
    ${audited(value, { action: 'user.invitation_accepted', recordType: 'user', before: sql`before`, after: sql`changed` })},
    linking as (${linkingQueued(value)})
    select changed.id from changed left join linking on true`,
)

/** Ends all that let the user in before. No row: the link does not work any more. */
export const resetPassword = statement<{ password_hash: string } & Using>()(
  (value) => sql<{ id: number }>`
    with ${usedUp('password_reset', value, mailedTo)},
    changed as (
      update users set password_hash = ${value.password_hash}, access_ended_at = clock_timestamp(), ${verified}, ${touch('users')}
      from used where users.id = used.user_id
      returning users.*
    ),
    ${accessEnded(value, { of: sql`changed` })},
    ${mailedLinksEnded(sql`changed`, itsLink)},
    ${audited(value, { action: 'user.password_reset', recordType: 'user', before: sql`before`, after: sql`changed` })},
    queued as (${enqueued({
      task: 'mail_password_reset_notice',
      payload: sql`json_build_object('user_id', changed.id)`,
      of: sql`changed`,
    })}),
    linking as (${linkingQueued(value)})
    select changed.id from changed left join queued on true left join linking on true`,
)

/** No row: the link does not work any more. */
export const confirmEmail = statement<Using>()(
  (value) => sql<{ id: number }>`
    with ${usedUp('email_change', value, { address: sql`one_time_tokens.email` })},
    changed as (
      update users set email = used.email, email_verified_at = clock_timestamp(), ${touch('users')}
      from used where users.id = used.user_id
      returning users.*
    ),
    ${mailedLinksEnded(sql`changed`, itsLink)},
    ${audited(value, { action: 'user.email_changed', recordType: 'user', before: sql`before`, after: sql`changed` })},
    linking as (${linkingQueued(value)})
    select changed.id from changed left join linking on true`,
)

/** A week after they ended nobody asks for them. */
export const deletePastMailedLinks = deleteInParts('one_time_tokens', {
  column: 'expires_at',
  before: sql`now() - interval '7 days'`,
})
