// Links (HAL), for who asks for them: `Accept: application/hal+json`. Plain JSON stays as small as it is.
import {
  type Endpoint,
  endpoints,
  hal,
  type Links,
  linkTo,
  type RecordName,
  type Target,
} from '../../contract/index.ts'
import type { Actor } from '../context.ts'
import { refusalOf } from '../policy.ts'
import type { RecordDefinitions } from './records.ts'

/** True where the caller names HAL, and likes no other JSON better (RFC 9110, section 12.5.1). */
export function prefersHal(accept: string | undefined): boolean {
  if (accept === undefined || !accept.toLowerCase().includes(hal)) return false
  const ranges = accept
    .toLowerCase()
    .split(',')
    .map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
      const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
      return { type, quality: q === undefined ? 1 : Number(q) || 0 }
    })
  const quality = (type: string) => ranges.find((range) => range.type === type)?.quality ?? 0
  return quality(hal) > 0 && quality(hal) >= quality('application/json')
}

/** What this actor may follow; an endpoint that is for a higher role, or beyond what was granted, is left out. */
export function linksFor(actor: Actor, targets: Readonly<Record<string, Target>>): Links {
  const allowed = Object.entries(targets).filter(([, { to }]) => !refusalOf(actor, to.config))
  return Object.fromEntries(allowed.map(([relation, target]) => [relation, linkTo(target)]))
}

type Json = Readonly<Record<string, unknown>>

/** `answered`: the record as the use case answered it, which may know more of its state than the contract tells. */
export function recordWithLinks(
  definitions: RecordDefinitions,
  name: RecordName,
  actor: Actor,
  record: Json,
  answered: Json,
): Json {
  return { ...record, _links: linksFor(actor, definitions[name].links(answered as never, actor)) }
}

interface Page {
  readonly next: string | null
  readonly previous: string | null
  readonly results: readonly Json[]
}

/** What makes a record for this list, where that needs to know no other record. */
export function creationFor(list: Endpoint): Endpoint | undefined {
  return endpoints.find(({ method, url }) => method === 'POST' && url === list.url && !url.includes(':'))
}

interface Listing {
  readonly name: RecordName | undefined
  readonly create: Endpoint | undefined
}

/** The page's own links, and each record's. */
export function pageWithLinks(
  definitions: RecordDefinitions,
  { name, create }: Listing,
  { actor, url }: { readonly actor: Actor; readonly url: string },
  page: Json,
  answered: Json,
): Json {
  const { next, previous, results } = page as unknown as Page
  const { results: records } = answered as unknown as Page
  const read = (href: string, title: string) => ({ href, method: 'GET' as const, title })
  const links: Links = {
    self: read(url, 'This page'),
    ...(next === null ? {} : { next: read(next, 'The next page') }),
    ...(previous === null ? {} : { prev: read(previous, 'The page before') }),
    ...(create ? linksFor(actor, { create: { to: create } }) : {}),
  }
  return {
    ...page,
    results: name
      ? results.map((record, index) =>
          recordWithLinks(definitions, name, actor, record, records[index] ?? record),
        )
      : results,
    _links: links,
  }
}
