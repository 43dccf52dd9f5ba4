// What an endpoint is: the object that Fastify's route() takes, less the handler. The same value gives the route, its
// validation, its serializer, its types, its page in the OpenAPI document, and the call itself (requestFor).
import type { Static, TObject, TSchema } from 'typebox'
import type { Role } from './roles.ts'
import type { Scope } from './scopes.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Who may call at all: the least role, or anyone. What a caller may do to one record is the module's policy. */
export type Access = 'anyone' | Role

/** What has a version and a URL of its own (records.ts). */
export type RecordName = 'client' | 'customer' | 'me' | 'operator' | 'post' | 'request' | 'ticket' | 'user'

/** The files that a call may bring: parts of multipart/form-data, and where no other body is taken also the body itself. */
export interface Upload {
  /** The name of the part; of each, where there may be several. */
  readonly field: string
  readonly types: readonly string[]
  /** Of each file. */
  readonly maxBytes: number
  readonly maxFiles: number
  readonly description: string
}

export interface Endpoint {
  readonly method: Method
  readonly url: `/api/v1/${string}`
  /** Bytes that a body may have, where that is less than everywhere: what anyone may send must be cheap to refuse. */
  readonly bodyLimit?: number
  readonly config: {
    readonly access: Access
    /** The highest role that may: what only customers do. */
    readonly upTo?: Role
    /** Where anyone may call: 'optional' if whoever shows credentials is known by them, and refused with bad ones before all else. */
    readonly caller?: 'optional'
    /** What a client that acts for somebody must be granted. Without one only a person's own sign-in may call this. */
    readonly scope?: Scope
    /** True where the password must have been shown within the last ten minutes. */
    readonly recent?: boolean
    /** True where the answer holds a secret that is shown once, and so is not kept under an Idempotency-Key. */
    readonly answersSecret?: boolean
    /** The record that this makes, where the answer tells only some of it, its `id` among that. */
    readonly makes?: RecordName
    /** The record that this changes: the one that the last parameter of the path names, or without one the caller's own. */
    readonly changes?: RecordName
    /** When this answers 401 although anyone may call it. */
    readonly unauthorized?: string
    /** When this answers 403 although anyone may call it. */
    readonly forbidden?: string
    /** When this answers 409, in a sentence for the documentation. */
    readonly conflict?: string
    /** When this answers 404 although its path names no record. */
    readonly absent?: string
    /** True where only a page of ours may send it, since it sets a cookie: any other site's could sign somebody in as another. */
    readonly ownPage?: boolean
    /** True where limits of its own hold, beside the one on calls: a flood is answered with 429 sooner. */
    readonly limited?: boolean
    /** True where neither the limit on calls nor overload keeps from answering. */
    readonly exemptFromLimits?: boolean
    /** True where a monitor gets in too: a direct call from this machine without credentials, or one with METRICS_TOKEN. */
    readonly monitors?: boolean
    /** The media type of a success that is not JSON, e.g. text/plain, or those that it may have; its schema is that of the text. Failures stay problems. */
    readonly produces?: string | readonly string[]
    /** True where what is produced bears an ETag, and If-None-Match spares it (304). */
    readonly tagged?: boolean
    readonly upload?: Upload
  }
  readonly schema: {
    readonly operationId: string
    readonly summary: string
    readonly description: string
    readonly tags: readonly string[]
    readonly params?: TObject
    readonly querystring?: TObject
    readonly body?: TSchema
    /** The replies of success; every failure is a Problem, the same on all endpoints. */
    readonly response: { readonly [status: number]: TSchema }
  }
}

/** The media types that a body may have; none where there is no body. */
export function mediaTypesOf({ config: { upload }, schema }: Pick<Endpoint, 'config' | 'schema'>): string[] {
  return [
    ...(schema.body ? ['application/json'] : []),
    ...(upload ? ['multipart/form-data'] : []),
    ...(upload && !schema.body ? upload.types : []),
  ]
}

/** The media types that the body of a success may have. */
export function typesProduced({
  config: { produces = 'application/json' },
}: Pick<Endpoint, 'config'>): string[] {
  return [produces].flat()
}

type Part<
  E extends Endpoint,
  Name extends 'params' | 'querystring' | 'body',
> = E['schema'][Name] extends TSchema ? Static<E['schema'][Name]> : undefined

export type Params<E extends Endpoint> = Part<E, 'params'>
export type Query<E extends Endpoint> = Part<E, 'querystring'>
export type Body<E extends Endpoint> = Part<E, 'body'>
export type Reply<E extends Endpoint> = {
  [S in keyof E['schema']['response']]: E['schema']['response'][S] extends TSchema
    ? Static<E['schema']['response'][S]>
    : never
}[keyof E['schema']['response']]

type Needed<Name extends string, T> = T extends undefined
  ? { readonly [N in Name]?: undefined }
  : { readonly [N in Name]: T }

/** What a caller gives: the path's parameters, the query (which is never required here), and the body or the file that stands for it. */
export type Input<E extends Endpoint> = Needed<'params', Params<E>> &
  Needed<'body', Body<E>> & { readonly query?: Partial<Query<E>>; readonly upload?: Blob }

export interface HttpRequest {
  readonly method: Method
  /** Path and query, to be resolved against the server's address. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Blob
}

/** The call of an endpoint as plain data; the web app sends it with fetch, tests send it for real. */
export function requestFor<E extends Endpoint>(endpoint: E, input: Input<E>): HttpRequest {
  const params: Readonly<Record<string, unknown>> = input.params ?? {}
  const path = endpoint.url.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])))
  const given = Object.entries<unknown>(input.query ?? {}).filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(given.map(([name, value]) => [name, `${value}`])).toString()
  const target = { method: endpoint.method, path: query ? `${path}?${query}` : path }
  const accept = typesProduced(endpoint).join(', ')
  const { body, upload } = input
  if (upload) return { ...target, headers: { accept, 'content-type': upload.type }, body: upload }
  if (body === undefined) return { ...target, headers: { accept } }
  return {
    ...target,
    headers: { accept, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
}
