// Writes the statement of a list. PostgreSQL is left one good way to run it, whatever the values and however old its
// statistics: a plan that it guesses can walk half a table for a page (measured: 1 s in place of 2 ms). So the statement is
// planned once and kept, and costs what its page and its bounded count cost, on any number of rows.
import { type RawBuilder, sql } from 'kysely'
import { farBeyond } from './long-lists.ts'
import type { DB } from './schema.generated.ts'
import { type Statement, statement } from './statement.ts'

/** Counting stops here, so that a list costs the same on 10 rows and on 10 million. */
export const countCap = 10_000

/** A condition of equality, whose rows an index on (column, sort key, id) holds in order. */
export interface Equality {
  readonly column: RawBuilder<unknown>
  /** Of the column's very type; cast where the value's type is not text. Null for the rows that have none. */
  readonly value: RawBuilder<unknown> | null
  /** How many rows share a value: few are sorted and searched one by one. */
  readonly shared: 'by few' | 'by many'
}

/** Rows that one equality or another holds for; each is read from its index, and the pages are merged. */
export interface Either {
  readonly either: readonly Equality[]
}

/** How rows are found that no order of an index brings together. */
export interface Search {
  /** A select of the ids of all rows that hold what is sought, read from an index. */
  readonly ids: (sought: RawBuilder<unknown>) => RawBuilder<unknown>
  /** A select of whether the row at hand holds it. */
  readonly holds: (sought: RawBuilder<unknown>) => RawBuilder<unknown>
}

export interface ListDefinition<Filters extends object> {
  readonly columns: RawBuilder<unknown>
  /** The table whose rows are listed. */
  readonly table: keyof DB
  /** What the columns need besides: one row for each row of the table, so that finding and counting go without. */
  readonly join?: RawBuilder<unknown>
  /** What can be ordered by: timestamps, for now. */
  readonly sorts: Readonly<Record<string, RawBuilder<unknown>>>
  /** The condition of each filter. Where several are given, the index of the first equality is read. */
  readonly filters: {
    readonly [Name in Exclude<keyof Filters, Sought | 'live'>]-?: (
      value: Filters[Name],
    ) => RawBuilder<unknown> | Equality | Either
  }
  /** Rows have an `archived_at`, and are all listed unless the filter `live` is given. */
  readonly archivable?: true
  /** How these filters find rows. Where several are given, the first is looked up, and the others are asked of each row. */
  readonly search?: { readonly [Name in Sought]?: Search }
  /** How many rows there are, where that is known without counting them: a select of one number. */
  readonly counted?: (value: Readonly<Record<string, unknown>>) => RawBuilder<unknown>
}

const sought = ['q', 'tag'] as const
type Sought = (typeof sought)[number]

/** Whether rows are found by searching, for which it matters how many that are. */
export const isSought = (filter: string) => (sought as readonly string[]).includes(filter)

export interface ListShape {
  readonly sort: string
  readonly descending: boolean
  /** How many rows are read. Part of the statement, because a plan for any limit is a plan for a tenth of the table. */
  readonly limit: number
  readonly place: 'first' | 'after' | 'before'
  readonly counted: boolean
  /** What is searched for is known to be found in more than countCap rows. */
  readonly long: boolean
  /** The filters that are given. */
  readonly filters: readonly string[]
}

export interface ListRow {
  readonly list_count: number | null
  /** True when more may match than were counted. */
  readonly list_more: boolean | null
  readonly list_key: string | null
  readonly id: number
}

export type ListStatement = Statement<Record<string, unknown>, ListRow>

type Sql = RawBuilder<unknown>

/** Takes the filters' values, and for a place `place_key` and `place_id`. */
export function writeList<Filters extends object>(
  definition: ListDefinition<Filters>,
  shape: ListShape,
): ListStatement {
  const { columns, table, join = sql``, sorts } = definition
  const key = sorts[shape.sort]
  if (!key) throw new Error(`This list has no order ${shape.sort}`)

  return statement<Record<string, unknown>>()((value) => {
    const rows = sql.table(table)
    const { conditions, lead, either } = filtersOf(definition, shape, value)
    const search = searchOf(definition, shape, lead, value)

    // Read towards `before`, a page comes in the opposite order and is turned round afterwards.
    const down = shape.descending !== (shape.place === 'before')
    const direction = down ? sql`desc` : sql`asc`
    const beyond = sql`(${key}, ${rows}.id) ${down ? sql`<` : sql`>`} (${value['place_key']}::timestamptz, ${value['place_id']}::bigint)`
    const place = shape.place === 'first' ? [] : [beyond]
    // Named first, the equality's column leaves no other index in the right order than its own.
    const inOwnOrder = [...(lead ? [lead.column] : []), key, sql`${rows}.id`]
    const order = sql.join(inOwnOrder.map((by) => sql`${by} ${direction}`))
    const inOrder = sql`order by list_key ${direction}, id ${direction}`

    const wholes = partsOf(definition, shape).flatMap((part) => either.map((one) => [...part, ...one]))
    const parts = wholes.flatMap((part) => search.ways.map((way) => [...way, ...part, ...conditions]))
    const page = merge(
      parts.map(
        (part) =>
          sql`select ${key} as list_key, ${rows}.* from ${rows} where ${all([...part, ...place])} order by ${order}`,
      ),
      shape.limit,
      inOrder,
    )
    // Counted from the first on, whatever the order: there PostgreSQL need not look whether a row is still as the index says.
    const counted = merge(
      wholes.map(
        (part) =>
          sql`select 1 from ${rows} where ${all([...search.counted, ...part, ...conditions])} order by ${sql.join(inOwnOrder)}`,
      ),
      countCap + farBeyond,
    )
    const known = definition.counted?.(value)
    const count = !shape.counted
      ? sql`select null::bigint as list_count, null::boolean as list_more`
      : known
        ? sql`select (${known})::bigint as list_count, false as list_more`
        : sql`select count(*) as list_count, ${search.more} as list_more from (${counted}) as counted`
    return sql<ListRow>`
      ${search.found} select counted.list_count, counted.list_more, page.*
      from (${count}) as counted
        left join (select ${rows}.list_key, ${columns} from (${page}) as ${rows} ${join}) as page on true
      ${inOrder}`
  })
}

function filtersOf<Filters extends object>(
  { filters }: ListDefinition<Filters>,
  shape: ListShape,
  value: Required<Record<string, unknown>>,
): { conditions: Sql[]; lead: Equality | undefined; either: Sql[][] } {
  const written = (Object.keys(filters) as (keyof typeof filters & string)[])
    .filter((name) => shape.filters.includes(name))
    .map((name) => filters[name](value[name] as never))
  const choice = written.find((filter) => isEither(filter))
  const lead = choice?.either[0] ?? written.find((filter) => isEquality(filter))
  const conditions = written.flatMap((filter) => {
    if (isEither(filter)) return []
    if (!isEquality(filter)) return filter
    return filter === lead || filter.value === null ? equal(filter) : sql`${filter.column} = ${filter.value}`
  })
  return { conditions, lead, either: choice ? choice.either.map((one) => [equal(one)]) : [[]] }
}

/** Equal to one of one: were it plainly equal, PostgreSQL would see no use in ordering by it. */
const equal = ({ column, value }: Equality) =>
  value === null ? sql`${column} is null` : sql`${column} = any(array[${value}])`

function isEquality(filter: Sql | Equality | Either): filter is Equality {
  return 'column' in filter
}

function isEither(filter: Sql | Equality | Either): filter is Either {
  return 'either' in filter
}

/** Live and archived rows lie in indexes of their own; a list of both reads a page of each and merges them. */
function partsOf<Filters extends object>(
  { table, archivable }: ListDefinition<Filters>,
  { filters }: ListShape,
): Sql[][] {
  if (!archivable) return [[]]
  const archivedAt = sql`${sql.table(table)}.archived_at`
  return [
    [sql`${archivedAt} is null`],
    ...(filters.includes('live') ? [] : [[sql`${archivedAt} is not null`]]),
  ]
}

/**
 * What is found in few rows is looked up by their ids; of what is found in many, a page is met soon by reading the rows in
 * order. Both ways are written, and the one that does not apply is not taken. What is counted is what was looked up: of
 * many, that is as many as a count goes, whichever they are, and the count says that there may be more.
 */
function searchOf<Filters extends object>(
  { table, search }: ListDefinition<Filters>,
  { filters, long }: ListShape,
  lead: Equality | undefined,
  value: Required<Record<string, unknown>>,
): { found: Sql; ways: Sql[][]; counted: Sql[]; more: Sql } {
  const plain = { found: sql``, more: sql`false` }
  const given = sought.flatMap((name) => {
    const way = filters.includes(name) ? search?.[name] : undefined
    return way ? [{ way, text: sql`${value[name]}::text` }] : []
  })
  const [first, ...others] = given
  if (!first) return { ...plain, ways: [[]], counted: [] }
  const alsoHold = others.map(({ way, text }) => sql`(${way.holds(text)})`)
  const holds = sql.join([sql`(${first.way.holds(first.text)})`, ...alsoHold], sql` and `)
  if (long || lead?.shared === 'by few') return { ...plain, ways: [[holds]], counted: [holds] }
  const few = sql`(select cardinality(found.ids) <= ${sql.lit(countCap)} from found)`
  const isFound = all([
    sql`${sql.table(table)}.id = any((select found.ids from found)::bigint[])`,
    ...alsoHold,
  ])
  return {
    found: sql`with found as materialized (select array(${first.way.ids(first.text)} limit ${sql.lit(countCap + 1)}) as ids)`,
    ways: [
      [few, isFound],
      [sql`not ${few}`, holds],
    ],
    counted: [isFound],
    more: sql`not ${few}`,
  }
}

const all = (conditions: readonly Sql[]): Sql =>
  conditions.length > 0 ? sql.join(conditions, sql` and `) : sql`true`

function merge(selects: readonly Sql[], rows: number, order: Sql = sql``): Sql {
  const limit = sql`limit ${sql.lit(rows)}`
  const limited = selects.map((select) => sql`(${select} ${limit})`)
  return limited.length === 1
    ? sql`${limited[0]}`
    : sql`${sql.join(limited, sql` union all `)} ${order} ${limit}`
}
