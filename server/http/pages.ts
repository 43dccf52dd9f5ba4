// Turns a page of a repository into the envelope { count, next, previous, results }, and a cursor into a place in a list.
// Cursors are signed, and hold what they were made for, so that one cannot be carried to another list or another filter.
import { type Countable, searcherOf } from '../counted-as.ts'
import { derivedKey, signatureLength, signer } from '../credentials/derived-key.ts'
import type { Page, PageQuery, Place } from '../db/list.ts'
import { invalid } from '../errors.ts'

interface ListInput {
  readonly sort?: string
  readonly limit?: number
  readonly cursor?: string
}

/** A request whose query the contract's listQuery has checked. */
interface ListRequest extends Countable {
  readonly url: string
  readonly query: ListInput
  readonly routeOptions: { readonly schema?: { readonly querystring?: unknown } | undefined }
}

export interface Pages {
  /** Reads sort, limit and cursor of a list's query. Throws a 422 on a cursor that is not of this very list. */
  query(request: ListRequest): PageQuery
  envelope<Row>(request: Listed, page: Page<Row>): Envelope<Row>
}

type Listed = Pick<ListRequest, 'url' | 'query'>

interface Envelope<Row> {
  count: number
  count_capped?: true
  next: string | null
  previous: string | null
  results: Row[]
}

export function pagesOf(secret: string, publicUrl: string): Pages {
  const { sign, isSigned } = signer(derivedKey(secret, 'cursors'))

  function signed(place: Place, list: string): string {
    const data = JSON.stringify([place.direction, place.key, place.id, place.count, place.counted_up_to_cap])
    const encoded = Buffer.from(data).toString('base64url')
    return sign(`${list}\n${encoded}`) + encoded
  }

  function open(cursor: string, list: string): Place {
    const [signature, encoded] = [cursor.slice(0, signatureLength), cursor.slice(signatureLength)]
    if (!isSigned(`${list}\n${encoded}`, signature))
      throw invalid([
        {
          in: 'query',
          pointer: '/cursor',
          detail: 'does not belong to this list with these filters and this order',
        },
      ])
    const [direction, placeKey, id, count, capped] = JSON.parse(Buffer.from(encoded, 'base64url').toString())
    return { direction, key: placeKey, id, count, counted_up_to_cap: capped }
  }

  return {
    query(request) {
      const { sort, limit, cursor } = request.query
      const order = sort ?? firstOrder(request)
      return {
        sort: order.replace(/^-/, ''),
        descending: order.startsWith('-'),
        limit: limit ?? 50,
        place: cursor === undefined ? undefined : open(cursor, listOf(request)),
        searcher: searcherOf(request),
      }
    },
    envelope(request, page) {
      const list = listOf(request)
      const link = (place: Place | undefined) =>
        place ? `${publicUrl}${withCursor(list, signed(place, list), request.query.limit)}` : null
      return {
        count: page.count,
        ...(page.counted_up_to_cap ? { count_capped: true as const } : {}),
        next: link(page.next),
        previous: link(page.previous),
        results: page.rows,
      }
    },
  }
}

/** The order that the contract gives a list for which none is asked. */
function firstOrder({ routeOptions }: ListRequest): string {
  const query = routeOptions.schema?.querystring as { properties: { sort: { default: string } } } | undefined
  if (!query) throw new Error('A list without a query in the contract has no order')
  return query.properties.sort.default
}

/** What makes two queries the same list: path, filters and order; not the size of a page, nor the place in it. */
function listOf(request: Listed): string {
  const { limit: _, cursor: __, ...filters } = request.query
  const query = new URLSearchParams(
    Object.entries<unknown>(filters)
      .map(([name, value]) => [name, `${value}`])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  ).toString()
  const path = request.url.split('?', 1)[0]?.replace(/\/$/, '') ?? ''
  return query ? `${path}?${query}` : path
}

function withCursor(list: string, cursor: string, limit: number | undefined): string {
  return `${list}${list.includes('?') ? '&' : '?'}${limit === undefined ? '' : `limit=${limit}&`}cursor=${cursor}`
}
