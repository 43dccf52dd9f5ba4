// Who is to be told of what by mail. The statement that has the effect queues the work; these, which are run by the jobs, look at how
// things are by then.
import { type RawBuilder, sql } from 'kysely'
import type { TicketStatus } from '../../contract/index.ts'
import type { Auditing } from '../db/audit.ts'
import { enqueued } from '../db/enqueue.ts'
import { statement } from '../db/statement.ts'
import type { Written } from './mails.ts'

/** Who is told what the other one says. */
export type Side = 'customer' | 'operator'

/** Between two mails of one thread to one side; what is said meanwhile goes into the second. */
const pause = sql`interval '2 minutes'`

const mailedOnce = (ticketId: RawBuilder<unknown>, side: RawBuilder<unknown>, from: RawBuilder<unknown>) =>
  enqueued({
    task: 'mail_replies',
    payload: sql`json_build_object('ticket_id', ${ticketId}, 'side', ${side})`,
    of: from,
    once: {
      key: sql`'replies:' || ${ticketId} || ':' || ${side}`,
      at: sql`coalesce(notices.mailed_at + ${pause}, now())`,
    },
  })

/** CTEs of the statement that writes a reply, of which its final select must join `queued`: `posted` is told to the other side. */
export function replyTold(value: Auditing): RawBuilder<unknown> {
  const side = sql`case when ${value.actor_role}::text = 'customer' then 'operator' else 'customer' end`
  return sql`
    told as (
      insert into notices (ticket_id, side, told) select posted.ticket_id, ${side}, posted.number - 1 from posted
      on conflict (ticket_id, side) do nothing
    ),
    queued as (${mailedOnce(
      sql`posted.ticket_id`,
      side,
      sql`posted left join notices on notices.ticket_id = posted.ticket_id and notices.side = ${side}`,
    )})`
}

/** For a CTE of the statement that gives a ticket to an operator: they are told, if somebody else did so. */
export const assignmentTold = (value: Auditing): RawBuilder<unknown> =>
  enqueued({
    task: 'mail_assignment',
    payload: sql`json_build_object('ticket_id', changed.id, 'operator_id', changed.processed_by, 'version', changed.version)`,
    of: sql`changed join before on before.id = changed.id
      where changed.processed_by is distinct from ${value.actor_id}::bigint and changed.processed_by is distinct from (before.row).processed_by`,
  })

/** For a CTE of the statement that ends a ticket: its customer is told. */
export const resolutionTold = (value: Auditing): RawBuilder<unknown> =>
  enqueued({
    task: 'mail_resolution',
    payload: sql`json_build_object('ticket_id', changed.id, 'closed_at', changed.closed_at, 'version', changed.version,
      'actor_id', ${value.actor_id}::bigint)`,
    of: sql`changed`,
  })

/** Where a mail goes, and whose word it is whether it may. */
export interface Recipient {
  readonly kind: 'user' | 'customer'
  readonly id: number
  readonly email: string
}

// At most one row each: nobody where there is no address that was proved, or that the shop itself knows of a customer without a
// login; nobody who wants no mail, is archived, or may not sign in.

const customer = sql`
  select coalesce(users.id, customers.id) as id, case when users.id is null then 'customer' else 'user' end as kind,
    case when users.id is null then customers.email else users.email end as email, users.id as user_id,
    false as unattended
  from customers left join users on users.id = customers.user_id
  where customers.id = tickets.customer_id and customers.archived_at is null
    and case when users.id is null then customers.email is not null and customers.notifications
      else users.email_verified_at is not null and users.disabled_at is null and users.notifications end`

const mailable = sql`users.role in ('operator', 'admin') and not users.is_service
    and users.email_verified_at is not null and users.disabled_at is null and users.notifications`

const staff = sql`
  select users.id, 'user' as kind, users.email, users.id as user_id, users.id is distinct from tickets.processed_by as unattended
  from users where ${mailable}`

const assignee = sql`${staff} and users.id = tickets.processed_by`

/** Of what nobody works on, one customer is worth one mail in an hour: anybody may become one, and open tickets without end. */
const customerWasTold = sql`exists (
    select from tickets as others join notices on notices.ticket_id = others.id and notices.side = 'operator'
    where others.customer_id = tickets.customer_id and notices.mailed_at > now() - interval '1 hour')`

/** Where nobody works on it, or who did is gone: the admin who has been there longest, of those who want mails. */
const operator = sql`${staff} and users.id = coalesce(
    (select users.id from users where users.id = tickets.processed_by and users.role in ('operator', 'admin') and users.disabled_at is null),
    (select users.id from users where ${mailable} and users.role = 'admin' and not ${customerWasTold} order by users.created_at, users.id limit 1)
  )`

const asRecipient = sql`case when recipient.id is not null
  then jsonb_build_object('kind', recipient.kind, 'id', recipient.id, 'email', recipient.email) end as recipient`

const withAsk = sql`join posts as asks on asks.ticket_id = tickets.id and asks.number = 1`

/** As much of a text as a mail holds, in characters; and of posts. */
const longest = sql.lit(10_000)
const most = sql.lit(10)

const written = (text: RawBuilder<unknown>, author: RawBuilder<unknown>) =>
  sql`jsonb_build_object('message', left(${text}, ${longest}), 'cut', length(${text}) > ${longest}, 'author', ${author})`

/** The names of what came with a post. */
const filesOf = (postId: RawBuilder<unknown>) => sql`jsonb_build_object('files', coalesce((
    select jsonb_agg(attachments.name order by attachments.place) from attachments where attachments.post_id = ${postId}), '[]'))`

/** Who has given but one name has it twice as a customer. */
const nameOf = (of: 'users' | 'customers') => {
  const [first, last] = [sql.ref(`${of}.first_name`), sql.ref(`${of}.last_name`)]
  return sql`case when ${first} = ${last} then ${first} else ${first} || ' ' || ${last} end`
}

interface Subject {
  readonly subject: string
  readonly status: TicketStatus
  /** Null for nobody. */
  readonly recipient: Recipient | null
}

export interface Replies extends Subject {
  /** True where one of the staff is told who does not work on it. */
  readonly unattended: boolean | null
  /** The number of the latest post that this is about, or that it may leave out. */
  readonly latest: number
  /** The first of them; null for none. */
  readonly posts: readonly (Written & { readonly id: number })[] | null
  readonly count: number
}

/** Takes it upon itself to tell one side what the other said. No row: a mail was begun little ago. */
const taking = (side: Side, recipient: RawBuilder<unknown>, isTheOthers: RawBuilder<unknown>) =>
  statement<{ ticket_id: number }>()(
    (value) => sql<Replies>`
      with taken as (
        update notices set mailed_at = clock_timestamp()
        where notices.ticket_id = ${value.ticket_id} and notices.side = ${sql.lit(side)}
          and (notices.mailed_at is null or notices.mailed_at <= now() - ${pause})
        returning notices.ticket_id, notices.told
      )
      select asks.subject, tickets.status, ${asRecipient}, recipient.unattended, tickets.posts_made as latest, said.posts, said.count
      from taken join tickets on tickets.id = taken.ticket_id ${withAsk}
        left join lateral (${recipient}) as recipient on true
        cross join lateral (
          select count(*)::integer as count,
            jsonb_agg(new.post || jsonb_build_object('id', new.id) || ${filesOf(sql`new.id`)} order by new.number) filter (where new.place <= ${most}) as posts
          from (
            select posts.id, posts.number, row_number() over (order by posts.number) as place,
              ${written(sql`posts.message`, sql`coalesce(nullif(trim(${nameOf('users')}), ''), users.username, 'Somebody')`)} as post
            from posts left join users on users.id = posts.author_id
            where posts.ticket_id = tickets.id and posts.number > taken.told and not posts.internal and posts.deleted_at is null
              and posts.author_id is distinct from recipient.user_id and ${isTheOthers}
          ) as new
        ) as said`,
  )

// A post without an author was written by the staff: customers have accounts.
export const takeReplies = {
  customer: taking('customer', customer, sql`users.role is distinct from 'customer'`),
  operator: taking('operator', operator, sql`users.role = 'customer'`),
} as const satisfies Record<Side, unknown>

/** One side has been told all up to `latest`, or need not be. Where no mail was sent, the next one need not wait. */
export const noteTold = statement<{ ticket_id: number; side: Side; latest: number; mailed: boolean }>()(
  (value) => sql`
    update notices set told = greatest(notices.told, ${value.latest}), mailed_at = case when ${value.mailed} then notices.mailed_at end
    where notices.ticket_id = ${value.ticket_id} and notices.side = ${value.side}`,
)

/** What was taken is left to be done again. */
export const giveBack = statement<{ ticket_id: number; side: Side }>()(
  (value) => sql`
    update notices set mailed_at = null where notices.ticket_id = ${value.ticket_id} and notices.side = ${value.side}`,
)

/** For when another mail may be sent. */
export const enqueueReplies = statement<{ ticket_id: number; side: Side }>()(
  (value) =>
    sql`${mailedOnce(
      sql`notices.ticket_id`,
      sql`notices.side`,
      sql`notices where notices.ticket_id = ${value.ticket_id} and notices.side = ${value.side}`,
    )}`,
)

/** No row: it was brought back since, there is nobody to tell, or it is their own doing. */
export const findResolution = statement<{ ticket_id: number; closed_at: string; actor_id: number | null }>()(
  (value) => sql<Subject & { recipient: Recipient; comment: Written }>`
    select asks.subject, tickets.status, ${asRecipient}, ${written(sql`tickets.resolution_comment`, sql`''`)} || '{"files": []}' as comment
    from tickets ${withAsk} cross join lateral (${customer}) as recipient
    where tickets.id = ${value.ticket_id} and tickets.closed_at = ${value.closed_at}::timestamptz
      and recipient.user_id is distinct from ${value.actor_id}::bigint`,
)

/** No row: it has changed hands since, has ended or is archived, or they are not to be mailed. */
export const findAssignment = statement<{ ticket_id: number; operator_id: number }>()(
  (value) => sql<Subject & { recipient: Recipient; priority: string; ask: Written }>`
    select asks.subject, tickets.status, tickets.priority, ${asRecipient},
      ${written(sql`asks.message`, nameOf('customers'))} || ${filesOf(sql`asks.id`)} as ask
    from tickets join customers on customers.id = tickets.customer_id ${withAsk} cross join lateral (${assignee}) as recipient
    where tickets.id = ${value.ticket_id} and tickets.processed_by = ${value.operator_id}
      and tickets.status = 'IN_PROGRESS' and tickets.archived_at is null`,
)
