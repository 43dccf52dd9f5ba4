// Lists by keyset: a page costs what its own rows cost, wherever it lies. One statement answers the rows and the bounded
// count; there is one statement for each combination of filters and order that was ever asked for, written once and kept.
import type { Searcher } from '../counted-as.ts'
import type { Database } from './database.ts'
import { farBeyond, longLists } from './long-lists.ts'
import {
  countCap,
  isSought,
  type ListDefinition,
  type ListRow,
  type ListShape,
  type ListStatement,
  writeList,
} from './list-statement.ts'
import { inSearchShare } from './search-share.ts'

/** Where a page begins: beside the row with this sort key and id. The count of the first page travels along. */
export interface Place {
  readonly direction: 'after' | 'before'
  readonly key: string
  readonly id: number
  readonly count: number
  readonly counted_up_to_cap: boolean
}

export interface PageQuery {
  readonly sort: string
  readonly descending: boolean
  readonly limit: number
  readonly place: Place | undefined
  /** Whom the page counts for, where it is searched for. */
  readonly searcher: Searcher
}

export interface Page<Row> {
  readonly rows: Row[]
  readonly count: number
  readonly counted_up_to_cap: boolean
  readonly next: Place | undefined
  readonly previous: Place | undefined
}

export function list<Row, Filters extends object>(definition: ListDefinition<Filters>) {
  const statements = new Map<string, ListStatement>()
  const longListsOf = longLists()

  function statementFor(shape: ListShape): ListStatement {
    const name = JSON.stringify(shape)
    const known = statements.get(name)
    if (known) return known
    const written = writeList(definition, shape)
    statements.set(name, written)
    return written
  }

  /** Answers one page. Filters that are undefined are not applied. */
  return async function page(db: Database, filters: Filters, query: PageQuery): Promise<Page<Row>> {
    const { place, searcher } = query
    const long = longListsOf(db)
    const knownLong = place?.counted_up_to_cap ?? long.has(filters)
    const counting = place === undefined && !knownLong
    const statement = statementFor({ ...shapeOf(filters, query, knownLong), counted: counting })
    const read = () => statement.all(db, { ...filters, place_key: place?.key, place_id: place?.id })
    const rows = await ('q' in filters && filters.q !== undefined
      ? inSearchShare(db, searcher, read)
      : read())
    const backwards = place?.direction === 'before'
    const found = rows.filter((row) => row.list_key !== null)
    const more = found.length > query.limit
    const kept = found.slice(0, query.limit)
    if (backwards) kept.reverse()

    const counted = counting ? (rows[0]?.list_count ?? 0) : (place?.count ?? countCap)
    if (counted >= countCap + farBeyond) long.add(filters)
    const count = Math.min(counted, countCap)
    const capped = knownLong || counted > countCap || (rows[0]?.list_more ?? false)
    const beside = (row: ListRow | undefined, direction: Place['direction']): Place | undefined =>
      row && { direction, key: String(row.list_key), id: row.id, count, counted_up_to_cap: capped }
    const hasNext = backwards || more
    const hasPrevious = backwards ? more : place !== undefined
    return {
      rows: kept as unknown as Row[],
      count,
      counted_up_to_cap: capped,
      next: hasNext ? beside(kept.at(-1), 'after') : undefined,
      previous: hasPrevious ? beside(kept[0], 'before') : undefined,
    }
  }
}

function shapeOf(
  filters: object,
  { sort, descending, limit, place }: PageQuery,
  long: boolean,
): Omit<ListShape, 'counted'> {
  const names = Object.entries(filters).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  return {
    sort,
    descending,
    // One row more than a page holds tells whether there is another.
    limit: 1 + (pageSizes.find((size) => limit <= size) ?? limit),
    place: place?.direction ?? 'first',
    // Only searching depends on it.
    long: long && names.some(isSought),
    filters: names.sort(),
  }
}

/** Each is a statement of its own; a page of another size is cut from the next larger one. */
const pageSizes = [50, 100]
