// The statement of a search. From each source the hits are looked up in an index of words, and of many only the newest are ranked;
// what is told of a record is read of those alone that are answered. So it costs what its hits cost, up to a bound.
import { type RawBuilder, sql } from 'kysely'
import type { SearchType } from '../../contract/index.ts'
import { countCap } from '../db/list-statement.ts'
import { type Statement, statement } from '../db/statement.ts'
import { passage } from './passage-repository.ts'
import { allWords, anyWord, soughtBy } from './words-repository.ts'

/** Whose posts: all of them, what is public of them, or what is public of a user's own tickets. */
export type View = 'all' | 'public' | 'own'

interface Sought {
  readonly q: string
  /** The ticket that may be meant by it; null for none. */
  readonly ticket_id: number | null
  /** Whose own, where that is the view. */
  readonly own: number | null
  readonly limit: number
}

export interface FoundRow {
  /** In all; more than countCap where it was not counted further. On each row, and on one without a record when there is none. */
  readonly found_count: number
  readonly type: SearchType | null
  readonly id: number
  readonly ticket_id: number | null
  readonly customer_id: number
  readonly title: string
  readonly passage: string
  readonly internal: boolean
  readonly created_at: string
  readonly archived_at: string | null
}

type Sql = RawBuilder<unknown>

/** So many of each type are ranked: of more hits the newest. */
const rankedAtMost = 1_000
/** Of what is in more than countCap rows, so many of the newest rows are looked through for those to rank. */
const recentRows = 20_000

interface Source {
  /** The rows of this type, by which an index of their words is found. */
  readonly table: Sql
  readonly rows: Sql
}

const sources: Readonly<Record<SearchType, Source>> = {
  ticket: { table: sql`posts`, rows: sql`posts.number = 1` },
  post: { table: sql`posts`, rows: sql`posts.number > 1 and posts.deleted_at is null` },
  customer: { table: sql`customers`, rows: sql`true` },
}

/** The numbers of all hits, up to one more than are counted, and of those to be ranked. */
function candidates(type: SearchType, view: View, own: Sql): Sql {
  const { table, rows } = sources[type]
  const [found, newest] = [sql.id(`${type}_found`), sql.id(`${type}_newest`)]
  const seen = view === 'all' || type === 'customer' ? rows : sql`${rows} and not posts.internal`
  const hit = sql`${seen} and ${table}.search_words @@ ${allWords}`
  const limit = sql`limit ${sql.lit(countCap + 1)}`
  const first = sql`select unnest(${found}.ids) as id from ${found}`
  // By the user, and never by the word: a customer pays for their own posts, not for everybody's.
  if (view === 'own')
    return sql`
      ${found} as materialized (
        select array(
          select posts.id
          from customers join tickets on tickets.customer_id = customers.id join posts on posts.ticket_id = tickets.id
          where customers.user_id = ${own}::bigint and posts.deleted_at is null and ${hit} order by posts.id desc ${limit}
        ) as ids
      ),
      ${newest} as (${first} limit ${sql.lit(rankedAtMost)})`
  return sql`
    ${found} as materialized (select array(select ${table}.id from ${table} where ${hit} ${limit}) as ids),
    ${newest} as (
      select hits.id from (
        ${first}
        union
        (
          select ${table}.id from (
            select ${table}.* from ${table} order by ${table}.id desc limit ${sql.lit(recentRows)}
          ) as ${table}
          where (select cardinality(${found}.ids) > ${sql.lit(countCap)} from ${found}) and ${hit}
          order by ${table}.id desc limit ${sql.lit(rankedAtMost)}
        )
      ) as hits order by hits.id desc limit ${sql.lit(rankedAtMost)}
    )`
}

/** The ask of the ticket that was named by its number, if it may be seen. */
function numbered(view: View, { own, ticketId }: { readonly own: Sql; readonly ticketId: Sql }): Sql {
  const seen = sql`exists (
      select from tickets join customers on customers.id = tickets.customer_id
      where tickets.id = posts.ticket_id and customers.user_id = ${own}::bigint)`
  return sql`
    numbered as materialized (
      select posts.id, posts.search_words @@ ${allWords} as counted from posts
      where posts.ticket_id = ${ticketId}::bigint and posts.number = 1 and ${view === 'own' ? seen : sql`true`}
    )`
}

/** The candidates of this type with their ranks; of words, none is as much as 1. */
function ranks(type: SearchType): Sql {
  const { table } = sources[type]
  const newest = sql.id(`${type}_newest`)
  const ranked = (rank: Sql, from: Sql) => sql`
    select ${sql.lit(type)} as type, ${table}.id, ${rank} as rank, ${table}.created_at
    from ${from} join ${table} on ${table}.id = ${from}.id`
  const byWords = ranked(sql`ts_rank(${table}.search_words, ${anyWord})`, newest)
  if (type !== 'ticket') return byWords
  return sql`${byWords} where posts.id not in (select numbered.id from numbered) union all ${ranked(sql`1`, sql`numbered`)}`
}

/** What is told of each: of a ticket by its first post. */
const told = {
  post: sql`
    select best.type, case when best.type = 'ticket' then tickets.id else posts.id end as id, best.rank, best.created_at,
      tickets.id as ticket_id, tickets.customer_id, asks.subject as title, posts.message as text, posts.subject as other,
      posts.internal, tickets.archived_at
    from best join posts on posts.id = best.id join tickets on tickets.id = posts.ticket_id
      join posts as asks on asks.ticket_id = tickets.id and asks.number = 1
    where best.type <> 'customer'`,
  customer: sql`
    select best.type, best.id, best.rank, best.created_at, null::bigint as ticket_id, customers.id as customer_id,
      customers.first_name || ' ' || customers.last_name as title,
      concat_ws(' · ', customers.company, customers.email, customers.phone, customers.external_id) as text,
      customers.first_name || ' ' || customers.last_name as other, false as internal, customers.archived_at
    from best join customers on customers.id = best.id
    where best.type = 'customer'`,
}

const foundOf = (type: SearchType) => {
  const byWords = sql`(select cardinality(ids) from ${sql.id(`${type}_found`)})`
  return type === 'ticket'
    ? sql`${byWords} + (select count(*) from numbered where not numbered.counted)`
    : byWords
}

const bestFirst = sql`rank desc, created_at desc, type, id desc`

const isPost = (type: SearchType) => type !== 'customer'

function write(view: View, types: readonly SearchType[]): Statement<Sought, FoundRow> {
  return statement<Sought>()((value) => {
    const each = (part: (type: SearchType) => Sql, between: Sql) => sql.join(types.map(part), between)
    const all = sql` union all `
    const toldOf = sql.join(
      [...(types.some(isPost) ? [told.post] : []), ...(types.every(isPost) ? [] : [told.customer])],
      all,
    )
    return sql<FoundRow>`
      with ${soughtBy(sql`${value.q}::text`)},
      ${types.includes('ticket') ? sql`${numbered(view, { own: sql`${value.own}`, ticketId: sql`${value.ticket_id}` })},` : sql``}
      ${each((type) => candidates(type, view, sql`${value.own}`), sql`, `)},
      best as materialized (
        select ranked.* from (${each(ranks, all)}) as ranked order by ${bestFirst} limit ${value.limit}::bigint
      )
      select counted.found_count, shown.*
      from (
          select ${each(foundOf, sql` + `)} as found_count
        ) as counted
        left join (
          select told.*, found.text as passage
          from (${toldOf}) as told
            left join lateral (${passage}) as found on true
        ) as shown on true
      order by ${bestFirst}`
  })
}

const statements = new Map<string, Statement<Sought, FoundRow>>()

/** The statement for this view and these types: written once, and kept. */
export function searching(view: View, types: readonly SearchType[]): Statement<Sought, FoundRow> {
  const name = `${view} ${types.join()}`
  const written = statements.get(name) ?? write(view, types)
  statements.set(name, written)
  return written
}
