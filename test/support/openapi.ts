// Reads an OpenAPI document as its readers do: by following references, and with every schema in it, however deep.
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'

export interface Schema {
  readonly $ref?: string
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly example?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
}

export interface Content {
  readonly [mediaType: string]: { readonly schema: Schema; readonly example?: unknown }
}

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: 'path' | 'query' | 'header'
    readonly description?: string
    readonly required?: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
}

export interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

export interface OpenApi {
  readonly document: Document
  readonly text: string
  readonly operations: readonly (Operation & { readonly path: string; readonly method: string })[]
  /** Every schema, wherever it stands, by its JSON pointer. */
  readonly schemas: readonly (readonly [pointer: string, schema: Schema])[]
  /** The schema itself, or what it refers to. */
  resolved(schema: Schema): Schema
  /** The first example of a schema, or of what it refers to. */
  exampleOf(schema: Schema): unknown
  /** What is wrong with a value by the schema at a pointer; null where it fits. */
  misfit(pointer: string, value: unknown): string | null
}

export async function readOpenApi(address: string): Promise<OpenApi> {
  const text = await (await fetch(address)).text()
  const document = JSON.parse(text) as Document
  const ajv = new Ajv({ strict: false })
  addFormats.default(ajv)
  ajv.addSchema({ ...document, $id: 'openapi' })

  const resolved = (schema: Schema) =>
    schema.$ref === undefined ? schema : (at(document, schema.$ref.slice(1)) as Schema)
  return {
    document,
    text,
    operations: Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method })),
    ),
    schemas: [...schemasIn(document, '')],
    resolved,
    exampleOf: (schema) => {
      const { examples, example } = resolved(schema)
      return examples ? examples[0] : example
    },
    misfit: (pointer, value) => {
      const fits = ajv.validate(`openapi#${pointer.split('/').map(encodeURIComponent).join('/')}`, value)
      return fits ? null : `${JSON.stringify(value)} at ${pointer}: ${ajv.errorsText()}`
    },
  }
}

/** The keys that a schema, or a list of some, stands under. */
const aboveSchemas = ['schema', 'items', 'additionalProperties', 'not', 'allOf', 'anyOf', 'oneOf']

/** Everything that is a schema by its place; examples are data, whatever they look like. */
function* schemasIn(part: unknown, pointer: string, isSchema = false): Generator<[string, Schema]> {
  if (typeof part !== 'object' || part === null) return
  if (isSchema && !Array.isArray(part)) yield [pointer, part]
  for (const [key, value] of Object.entries(part)) {
    const here = `${pointer}/${escaped(key)}`
    if (key === 'example' || key === 'examples') continue
    if (key === 'properties' || key === 'schemas') {
      for (const [name, schema] of Object.entries(value as object))
        yield* schemasIn(schema, `${here}/${escaped(name)}`, true)
    } else {
      yield* schemasIn(value, here, aboveSchemas.includes(key) || (isSchema && Array.isArray(part)))
    }
  }
}

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')

function at(document: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], document)
}
