// The words that every noun's schemas are written in. Limits stand here once: strings are bounded, ids are safe integers.
import { Type, type Static, type TObject, type TProperties, type TSchema } from 'typebox'

/** Identity columns are bigint; JSON numbers are exact up to 2^53 - 1. */
export const id = (description: string) =>
  Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description, examples: [1] })

/** At least one character that is not white space; U+0085 is that to PostgreSQL, though not to JavaScript. */
export const notBlank = '[^\\s\\u0085]'

/** Text that shows something. */
export const text = (maxLength: number, description: string, example: string) =>
  Type.String({ maxLength, pattern: notBlank, description, examples: [example] })

export const email = (description: string, example = 'ed@winterfell.example') =>
  Type.String({ format: 'email', maxLength: 254, description, examples: [example] })

/** RFC 3339 in UTC with microseconds, as PostgreSQL keeps it. */
export const timestamp = (description: string) =>
  Type.String({ format: 'date-time', description, examples: ['2026-11-21T09:30:00.000000Z'] })

/** What a search needs: a letter or a digit, since words are what is looked up. */
export const searchable = '[\\p{L}\\p{N}]'

export const soughtText = (description: string, example: string) =>
  Type.String({ maxLength: 200, pattern: searchable, description, examples: [example] })

/** `T | null` as one type array: what OpenAPI 3.1 reads best and the serializer does fastest. */
export function nullable<T extends TSchema & { type: string }>(schema: T) {
  return Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, 'null'] })
}

export function oneOf<const Values extends readonly string[]>(
  values: Values,
  description: string,
  example: Values[number] = values[0] ?? '',
) {
  return Type.Unsafe<Values[number]>({ type: 'string', enum: [...values], description, examples: [example] })
}

/** An enum answered as spelled here and accepted in any case; `anyCase` is a keyword of our validator, an enum in OpenAPI. */
export function oneOfInAnyCase<const Values extends readonly string[]>(values: Values, description: string) {
  return Type.Unsafe<Values[number]>({
    type: 'string',
    anyCase: [...values],
    description,
    examples: [values[0]],
  })
}

/** An object that refuses what it does not name. A name puts it under components/schemas of the OpenAPI document. */
export function object<P extends TProperties>(
  properties: P,
  options: { $id?: string; description?: string } = {},
) {
  return Type.Object(properties, { additionalProperties: false, ...options })
}

/** A body in which every field may be left out, but not all of them. */
export function changes<P extends TProperties>(properties: P, options: { $id: string; description: string }) {
  return Type.Partial(Type.Object(properties), { additionalProperties: false, minProperties: 1, ...options })
}

export const recordFields = {
  created_at: timestamp('When it was made.'),
  updated_at: timestamp('When it was last changed; never goes back.'),
  version: Type.Integer({ minimum: 1, description: 'Rises by one with every change.', examples: [1] }),
}

export const archivedAt = nullable({
  ...timestamp('When it was archived; null while it is live.'),
  examples: [null],
})

export function pageOf<T extends TObject>(item: T & { $id?: string }) {
  return object(
    {
      count: Type.Integer({
        minimum: 0,
        maximum: 10_000,
        description: 'How many records match, counted with the first page, up to 10,000.',
        examples: [1],
      }),
      count_capped: Type.Optional(
        Type.Boolean({ description: 'True when there may be more than `count` says; absent otherwise.' }),
      ),
      next: nullable(
        Type.String({ format: 'uri', description: 'The next page, or null on the last.', examples: [null] }),
      ),
      previous: nullable(
        Type.String({
          format: 'uri',
          description: 'The page before, or null on the first.',
          examples: [null],
        }),
      ),
      results: Type.Array(item, { description: 'The records of this page.' }),
    },
    { $id: `${item.$id}Page`, description: `One page of a list of ${item.$id} records.` },
  )
}

/** The query of every list: its own filters, and how to page. */
export function listQuery<P extends TProperties, const Sorts extends readonly string[]>(
  filters: P,
  sorts: Sorts,
  {
    first = `-${sorts[0] ?? ''}`,
    description = 'What to order by; a minus sign puts the newest first.',
  }: { readonly first?: string; readonly description?: string } = {},
) {
  const directions = sorts.flatMap((sort) => [`-${sort}`, sort])
  return object({
    ...filters,
    sort: Type.Optional(
      Type.Unsafe<Sorts[number] | `-${Sorts[number]}`>({
        type: 'string',
        enum: directions,
        default: first,
        description,
        examples: [first],
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        default: 50,
        description: 'Records on a page.',
        examples: [50],
      }),
    ),
    cursor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1000,
        description: 'A place in the list, taken from `next` or `previous`; opaque and signed.',
      }),
    ),
  })
}

export const showArchived = Type.Optional(
  Type.Boolean({ default: false, description: 'Also list what is archived.', examples: [false] }),
)

/** What a 204 answers. */
export const nothing = Type.Null({ description: 'Nothing.' })
