// The OpenAPI 3.1 document, made from the contract alone: what is declared there is what is served, and what is written here.
import { STATUS_CODES } from 'node:http'
import type { TObject, TSchema } from 'typebox'
import {
  type Endpoint,
  hal,
  hasLinks,
  isConditionalRead,
  mediaTypesOf,
  type Upload,
  takesIdempotencyKey,
  typesProduced,
  Problem,
  withLinks,
} from '../../contract/index.ts'
import {
  commonHeaders,
  eventStream,
  headerParameters,
  problemHeaders,
  replyHeaders,
} from './openapi-headers.ts'
import { countsWhatIsSent } from './rate-limits.ts'
import { securityOf, securitySchemes, whoMay } from './openapi-security.ts'

type Json = Record<string, unknown>

interface DocumentOptions {
  readonly version: string
  readonly publicUrl: string
}

const tags = [
  {
    name: 'Signing in',
    description:
      'Tokens for programs, sessions for browsers, links that were mailed, one’s own account and what lets it in, the first admin.',
  },
  { name: 'Customers', description: 'The people and companies that the shop serves.' },
  { name: 'Users', description: 'The accounts that admins administer.' },
  { name: 'Operators', description: 'The colleagues that requests are given to.' },
  { name: 'Requests', description: 'What customers ask, moved forward by operators.' },
  {
    name: 'Tickets',
    description: 'The same, talked about: threads of posts, notes, attachments, and the inbox.',
  },
  { name: 'Search', description: 'Words, wherever they stand.' },
  { name: 'OAuth', description: 'Programs that act for users or on their own, and what users allowed them.' },
  { name: 'Events', description: 'What has changed, in order: for keeping a copy, or a screen, up to date.' },
  { name: 'Audit', description: 'Who did what to which record, and when.' },
  { name: 'System', description: 'How the system is.' },
]

export function openapiDocument(
  endpoints: readonly Endpoint[],
  { version, publicUrl }: DocumentOptions,
): Json {
  const schemas: Record<string, unknown> = {}
  const paths: Record<string, Json> = {}
  for (const endpoint of endpoints) {
    const path = endpoint.url.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(endpoint, schemas) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Frontdesk',
      version,
      summary: 'Customers and what they ask, in one self-hosted product.',
      description:
        'Sign in with `POST /api/v1/token` and send the token as `Authorization: Bearer <token>`; programs that act for others use OAuth 2.1. Every failure is `application/problem+json` (RFC 9457). Records have an `ETag`: `If-None-Match` spares reading, `If-Match` spares overwriting. A POST or PATCH with an `Idempotency-Key` may be sent again and happens once. `Accept: application/hal+json` adds links to what the caller may do now. The same URLs answer without the version, and with a trailing slash.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl, description: 'This server.' }],
    tags,
    paths,
    components: {
      schemas: sorted(schemas),
      headers: commonHeaders,
      securitySchemes: securitySchemes(publicUrl),
    },
  }
}

function operation(endpoint: Endpoint, schemas: Record<string, unknown>): Json {
  const { schema } = endpoint
  const body = requestBody(endpoint, schemas)
  return {
    operationId: schema.operationId,
    summary: schema.summary,
    description: `${schema.description}${whoMay(endpoint)}`,
    tags: schema.tags,
    security: securityOf(endpoint),
    ...some('parameters', [
      ...parameters('path', schema.params, schemas),
      ...parameters('query', schema.querystring, schemas),
      ...headerParameters(endpoint),
    ]),
    ...(body ? { requestBody: body } : {}),
    responses: { ...successes(endpoint, schemas), ...failures(endpoint, schemas) },
  }
}

function requestBody(endpoint: Endpoint, schemas: Record<string, unknown>): Json | undefined {
  const { config, schema } = endpoint
  const types = mediaTypesOf(endpoint)
  if (types.length === 0) return undefined
  const file = { type: 'string', format: 'binary', description: config.upload?.description, examples: ['…'] }
  const schemaOf = (type: string) => {
    if (type === 'application/json') return refer(schema.body, schemas)
    if (type === 'multipart/form-data' && config.upload)
      return refer(formOf(schema.body, { [config.upload.field]: filesOf(config.upload, file) }), schemas)
    return file
  }
  return {
    required: true,
    content: Object.fromEntries(types.map((type) => [type, { schema: schemaOf(type) }])),
  }
}

const filesOf = ({ maxFiles }: Upload, file: Json): Json =>
  maxFiles === 1
    ? file
    : {
        type: 'array',
        maxItems: maxFiles,
        items: file,
        description: `At most ${maxFiles} files, each a part of its own.`,
      }

/** The fields of the body, and the file; where there are no fields, the file is what it is all about. */
function formOf(body: (TSchema & Partial<ObjectSchema> & { $id?: string }) | undefined, file: Json): Json {
  const { $id = 'File', properties = {}, required = Object.keys(file) } = body ?? {}
  return {
    $id: `${$id}Form`,
    type: 'object',
    description: 'A form with a file.',
    additionalProperties: false,
    properties: {
      ...Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, asText(property)])),
      ...file,
    },
    required,
  }
}

/** In a form everything is text, and what is empty stands for null. */
function asText(property: Json): Json {
  const { type, pattern: _, format: __, ...rest } = property
  return [type].flat().includes('null') ? { ...rest, type: 'string' } : property
}

/** A member of the document, where there is something in it. */
const some = (name: string, items: readonly Json[]): Json => (items.length > 0 ? { [name]: items } : {})

interface ObjectSchema {
  readonly properties: Readonly<Record<string, Json>>
  readonly required?: readonly string[]
}

function parameters(place: 'path' | 'query', object: unknown, schemas: Record<string, unknown>): Json[] {
  if (!object) return []
  const { properties, required = [] } = object as ObjectSchema
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: required.includes(name),
    description,
    schema: refer(schema, schemas),
  }))
}

const reasons: Readonly<Record<number, string>> = {
  200: 'Done.',
  201: 'Made.',
  202: 'Accepted; it happens within moments.',
  204: 'Done; there is nothing to say.',
}

function successes(endpoint: Endpoint, schemas: Record<string, unknown>): Json {
  const { config, schema } = endpoint
  const replies = Object.entries(schema.response).map(([status, reply]) => {
    const linked = hasLinks(endpoint) ? content(hal, refer(withLinks(reply as TObject), schemas)) : {}
    const shown = refer(reply, schemas)
    const body = Object.assign(
      {},
      ...typesProduced(endpoint).map((type) => content(type, shown)),
      linked,
    ) as Json
    const headers = replyHeaders(endpoint, Number(status))
    return [
      status,
      {
        description: reasons[Number(status)] ?? 'Done.',
        ...(headers ? { headers } : {}),
        ...(status === '204' ? {} : { content: body }),
      },
    ]
  })
  return Object.fromEntries(
    isConditionalRead(endpoint) || config.tagged ? [...replies, notModified] : replies,
  )
}

const notModified = ['304', { description: 'It is as `If-None-Match` says; there is no body.' }]

/** What can go wrong follows from what the endpoint takes and who may call it. */
function failures(endpoint: Endpoint, schemas: Record<string, unknown>): Json {
  const { config, schema } = endpoint
  const takesBody = mediaTypesOf(endpoint).length > 0
  const takesInput = takesBody || schema.params || schema.querystring
  const problems: [number, string | false | undefined][] = [
    [
      400,
      (schema.body ?? takesIdempotencyKey(endpoint)) &&
        'The body is not JSON, or the Idempotency-Key is not one.',
    ],
    [400, config.upload && 'The body is not what its Content-Type says, or the Idempotency-Key is not one.'],
    [400, config.produces === eventStream && 'Last-Event-ID is not the id of an event.'],
    [
      401,
      config.access !== 'anyone' &&
        `No credentials, or none that work${config.recent ? '; or the password was shown more than ten minutes ago' : ''}.`,
    ],
    [401, config.unauthorized],
    [
      403,
      config.access !== 'anyone' && 'The role of the caller may not do this, or what a client was granted.',
    ],
    [403, config.forbidden],
    [403, config.ownPage && 'It was not sent by a page of Frontdesk itself.'],
    [404, config.absent ?? (schema.params && 'There is no such record, or not for this caller.')],
    [
      409,
      config.conflict ??
        (takesIdempotencyKey(endpoint) && 'A call with this Idempotency-Key is still running.'),
    ],
    [
      412,
      (config.changes ?? isConditionalRead(endpoint)) &&
        'The record is at another version than `If-Match` says.',
    ],
    [413, takesBody && 'The body is too large.'],
    [415, takesBody && `The body is not ${mediaTypesOf(endpoint).join(' or ')}.`],
    [
      415,
      config.upload && 'The body is of no type that this takes, or not of the one that it is said to be.',
    ],
    [
      422,
      (takesInput || takesIdempotencyKey(endpoint)) &&
        'What was sent does not fit; `errors` names each place.',
    ],
    [
      429,
      !config.exemptFromLimits &&
        `Too many ${config.limited ? 'tries, or too many calls' : 'calls'}${countsWhatIsSent(endpoint.method, config) ? ', or too much was sent' : ''}; \`Retry-After\` says how many seconds to wait.`,
    ],
    [
      503,
      'The database does not answer right now, too much is asked of the server, or it is stopping; try again soon.',
    ],
  ]
  return Object.fromEntries(
    problems
      .filter(([, description]) => description)
      .map(([status, description]) => [
        status,
        {
          description,
          ...(problemHeaders(status) ? { headers: problemHeaders(status) } : {}),
          content: content(
            'application/problem+json',
            refer(Problem, schemas),
            problemExample(status, String(description)),
          ),
        },
      ]),
  )
}

function content(type: string, schema: unknown, example?: Json): Json {
  return { [type]: { schema, ...(example ? { example } : {}) } }
}

function problemExample(status: number, detail: string): Json {
  const title = STATUS_CODES[status] ?? ''
  return {
    type: `urn:frontdesk:problem:${title.toLowerCase().replace(/\W+/g, '_')}`,
    title,
    status,
    detail,
    instance: '/api/v1/…',
    request_id: '019ab6d0-6a53-7a0e-8d3f-2f7f4a1c9d55',
    ...(status === 422 ? { errors: [{ in: 'body', pointer: '/field', detail: 'is required' }] } : {}),
  }
}

/** Copies a schema; each part that has a name goes under components/schemas, and is referred to. */
function refer(schema: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => refer(item, schemas))
  if (typeof schema !== 'object' || schema === null) return schema
  const { $id, anyCase, patternProperties, ...rest } = schema as Json & { $id?: string }
  const own = {
    ...rest,
    ...(anyCase === undefined ? {} : { enum: anyCase }),
    // Fields under any name: OpenAPI 3.0 and the generators know no patterns of names.
    ...(patternProperties ? { additionalProperties: Object.values(patternProperties)[0] } : {}),
  }
  const shown = withHints(
    Object.fromEntries(Object.entries(own).map(([key, value]) => [key, refer(value, schemas)])),
  )
  if ($id === undefined) return shown
  schemas[$id] ??= { ...shown, title: $id, ...exampleOf(shown, schemas) }
  return { $ref: `#/components/schemas/${$id}` }
}

/** What generators of clients would get wrong by themselves. It changes nothing of what is sent. */
function withHints(schema: Json): Json {
  const { type, maximum, enum: values } = schema
  const isLong = [type].flat().includes('integer') && typeof maximum === 'number' && maximum > 2 ** 31
  const isOrder = Array.isArray(values) && values.some((value) => /^-\w/.test(String(value)))
  return {
    ...schema,
    // Java, C# and Go take an integer for one of 32 bits.
    ...(isLong ? { format: 'int64' } : {}),
    // A name in a program has no minus sign: `-created` and `created` would become one.
    ...(isOrder ? { 'x-enum-varnames': values.map(orderName) } : {}),
  }
}

const orderName = (value: string) =>
  value.startsWith('-') ? `${capitalized(value.slice(1))}Descending` : `${capitalized(value)}Ascending`

const capitalized = (word: string) =>
  word.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())

/** An object's example is made of the examples of its properties. */
function exampleOf(schema: Json, schemas: Record<string, unknown>): Json {
  const { properties } = schema as unknown as Partial<ObjectSchema>
  if (!properties) return {}
  const entries = Object.entries(properties).map(([name, property]) => [name, example(property, schemas)])
  return { examples: [Object.fromEntries(entries.filter(([, value]) => value !== undefined))] }
}

function example({ examples, items, $ref }: Json, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(examples)) return examples[0]
  if (typeof $ref === 'string')
    return example(schemas[$ref.slice($ref.lastIndexOf('/') + 1)] as Json, schemas)
  return items === undefined
    ? undefined
    : [example(items as Json, schemas)].filter((item) => item !== undefined)
}

function sorted(schemas: Record<string, unknown>) {
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => a.localeCompare(b)))
}
