// The records: what has a version and a URL of its own. Whatever endpoint answers one of these schemas answers its ETag and
// its links, and makes it with a Location: the house sees to that, for every record that stands here.
import type { TObject, TSchema } from 'typebox'
import { getMe, Me } from './auth.ts'
import { Customer, getCustomer } from './customers.ts'
import type { Endpoint, RecordName } from './endpoint.ts'
import { Links } from './links.ts'
import { Client, getClient } from './oauth.ts'
import { getOperator, Operator } from './operators.ts'
import { getRequest, Request } from './requests.ts'
import { getPost, Post } from './posts.ts'
import { object } from './schema.ts'
import { getTicket, Ticket } from './tickets.ts'
import { getUser, User } from './users.ts'

export const records = {
  client: { schema: Client, read: getClient },
  customer: { schema: Customer, read: getCustomer },
  me: { schema: Me, read: getMe },
  operator: { schema: Operator, read: getOperator },
  post: { schema: Post, read: getPost },
  request: { schema: Request, read: getRequest },
  ticket: { schema: Ticket, read: getTicket },
  user: { schema: User, read: getUser },
} as const satisfies Record<RecordName, { readonly schema: TObject; readonly read: Endpoint }>

/** Which record's schema this is, if it is one's. */
export function recordOf(schema: unknown): RecordName | undefined {
  return (Object.keys(records) as RecordName[]).find((name) => records[name].schema === schema)
}

/** Which record's page this is, if it is one's. */
export function recordOfPage(schema: unknown): RecordName | undefined {
  const { properties } = (schema ?? {}) as { properties?: { results?: { items?: unknown } } }
  return properties?.results && recordOf(properties.results.items)
}

/** Calls without credentials have nobody to keep an answer for, and no secret is kept. */
export function takesIdempotencyKey({ method, config }: Endpoint): boolean {
  return config.access !== 'anyone' && !config.answersSecret && (method === 'POST' || method === 'PATCH')
}

/** True where a record is read that the caller may have already. */
export function isConditionalRead({ method, schema }: Endpoint): boolean {
  return method === 'GET' && recordOf(schema.response[200]) !== undefined
}

/** True where `Accept: application/hal+json` adds links. */
export function hasLinks({ config, schema }: Endpoint): boolean {
  return (
    config.access !== 'anyone' &&
    Object.values(schema.response).some((reply) => recordOf(reply) ?? isPage(reply))
  )
}

export function isPage(schema: TSchema | undefined): boolean {
  return (
    schema !== undefined &&
    'properties' in schema &&
    'next' in (schema['properties'] as object) &&
    'results' in (schema['properties'] as object)
  )
}

/** The same with links: of a record, or of a page and of each record on it. */
export function withLinks(schema: TObject & { $id?: string; description?: string }): TObject {
  const { results, ...fields } = schema.properties
  return object(
    { ...fields, ...(results ? { results: eachWithLinks(results) } : {}), _links: Links },
    { $id: `${schema.$id}WithLinks`, description: `${schema.description} With links.` },
  )
}

function eachWithLinks(results: TSchema & { items?: TObject }): TSchema {
  const { items } = results
  return items && recordOf(items) ? { ...results, items: withLinks(items) } : results
}
