// One question to everything that a caller may read.
import {
  type Endpoint,
  getCustomer,
  getPost,
  getTicket,
  linkTo,
  type Query,
  type search,
  type SearchResults,
  type SearchType,
} from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import type { Searcher } from '../counted-as.ts'
import { countCap } from '../db/list-statement.ts'
import { inSearchShare } from '../db/search-share.ts'
import { forbidden, insufficientScope } from '../errors.ts'
import { refusalOf } from '../policy.ts'
import { isStaff, seenBy } from '../tickets/index.ts'
import { type FoundRow, searching } from './search-repository.ts'
import { partsOf, soughtOf, sourcesFor, ticketNumbered } from './search-rules.ts'

/** Where each is read. */
const reading: Readonly<Record<SearchType, Endpoint>> = {
  ticket: getTicket,
  post: getPost,
  customer: getCustomer,
}

/** Throws a 403 where customers alone are asked for by who may not see them. `searcher`: whom the search counts for. */
export async function find(
  ctx: Context,
  actor: Actor,
  { q, type, limit = 20 }: Query<typeof search>,
  searcher: Searcher,
): Promise<SearchResults> {
  const refusal = refusalOf(actor, getCustomer.config)
  if (type === 'customer' && refusal === 'role') throw forbidden('Customers are found by the staff.')
  if (type === 'customer' && refusal === 'scope') throw insufficientScope(getCustomer.config.scope)
  const types = sourcesFor({ type, customers: refusal === undefined })
  const own = seenBy(ctx, actor)
  const view = isStaff(actor) ? 'all' : own === null ? 'public' : 'own'
  const sought = { q: soughtOf(q), ticket_id: ticketNumbered(q), own, limit }
  const rows = await inSearchShare(ctx.db, searcher, () => searching(view, types).all(ctx.db, sought))
  const found = rows[0]?.found_count ?? 0
  return {
    count: Math.min(found, countCap),
    ...(found > countCap ? { count_capped: true } : {}),
    results: rows.flatMap((row) => (row.type === null ? [] : [{ ...row, ...shown(row, row.type) }])),
  }
}

const shown = ({ id, passage }: FoundRow, type: SearchType) => ({
  type,
  href: linkTo({ to: reading[type], params: { id } }).href,
  highlight: partsOf(passage),
})
