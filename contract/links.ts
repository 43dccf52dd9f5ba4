// Links (HAL): what `Accept: application/hal+json` adds to records and pages.
import { Type, type Static } from 'typebox'
import type { Endpoint, Method } from './endpoint.ts'
import { object } from './schema.ts'

export const Link = object(
  {
    href: Type.String({
      description: 'Where it leads; with `templated`, an RFC 6570 template.',
      examples: ['/api/v1/customers/1'],
    }),
    method: Type.Unsafe<Method>({
      type: 'string',
      enum: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      description: 'How to call it.',
      examples: ['GET'],
    }),
    title: Type.String({ description: 'What it does, for a person.', examples: ['Read a customer'] }),
    templated: Type.Optional(
      Type.Boolean({ description: 'True where the caller fills in parts of the URL; absent otherwise.' }),
    ),
  },
  { $id: 'Link', description: 'A place to go, or something that this caller may do now.' },
)
export type Link = Static<typeof Link>

export const Links = Type.Record(Type.String(), Link, {
  $id: 'Links',
  description:
    'By relation: `self`, related records, and the actions that this caller may take in this state now.',
  examples: [{ self: { href: '/api/v1/customers/1', method: 'GET', title: 'Read a customer' } }],
})
export type Links = Static<typeof Links>

/** The media type that links are asked for with. */
export const hal = 'application/hal+json'

/** An endpoint that a link leads to, with the parameters of its path that are known. */
export interface Target {
  readonly to: Endpoint
  readonly params?: Readonly<Record<string, number>>
  readonly query?: Readonly<Record<string, number | string>>
  /** Where the endpoint's own summary would say too much or too little. */
  readonly title?: string
}

export function linkTo({ to, params = {}, query, title }: Target): Link {
  const path = to.url.replace(/:(\w+)/g, (_, name: string) => String(params[name] ?? `{${name}}`))
  const search =
    query && new URLSearchParams(Object.entries(query).map(([name, value]) => [name, `${value}`]))
  return {
    href: search ? `${path}?${search.toString()}` : path,
    method: to.method,
    title: title ?? to.schema.summary,
    ...(path.includes('{') ? { templated: true } : {}),
  }
}
