// The HTTP API as data. Every endpoint of the product is in this list; what is not here is not served.
import * as attachments from './attachments.ts'
import * as audit from './audit.ts'
import * as auth from './auth.ts'
import * as customers from './customers.ts'
import type { Endpoint, Method } from './endpoint.ts'
import * as events from './events.ts'
import * as mailedLinks from './mailed-links.ts'
import * as oauth from './oauth.ts'
import * as operators from './operators.ts'
import * as posts from './posts.ts'
import * as requests from './requests.ts'
import * as searching from './search.ts'
import * as signingUp from './sign-up.ts'
import * as system from './system.ts'
import * as tickets from './tickets.ts'
import * as users from './users.ts'

const isEndpoint = (value: unknown): value is Endpoint =>
  typeof value === 'object' && value !== null && 'method' in value && 'url' in value && 'schema' in value

const methods: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** In the order of their URLs, and for one URL of what it does: read, make, change, end. */
export const endpoints: readonly Endpoint[] = [
  attachments,
  audit,
  auth,
  customers,
  events,
  mailedLinks,
  oauth,
  operators,
  posts,
  requests,
  searching,
  signingUp,
  system,
  tickets,
  users,
]
  .flatMap((noun) => Object.values(noun).filter(isEndpoint))
  .sort((a, b) => a.url.localeCompare(b.url) || methods.indexOf(a.method) - methods.indexOf(b.method))

export * from './attachments.ts'
export * from './audit.ts'
export * from './auth.ts'
export * from './customers.ts'
export * from './endpoint.ts'
export * from './events.ts'
export * from './links.ts'
export * from './mailed-links.ts'
export * from './oauth.ts'
export * from './operators.ts'
export * from './posts.ts'
export * from './problem.ts'
export * from './records.ts'
export * from './requests.ts'
export * from './search.ts'
export * from './roles.ts'
export * from './scopes.ts'
export { notBlank, searchable } from './schema.ts'
export * from './sign-up.ts'
export * from './system.ts'
export * from './tickets.ts'
export * from './users.ts'
