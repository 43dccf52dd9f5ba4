// The same document in OpenAPI 3.0, for the many generators that read nothing newer. It changes those words of 3.1 that the
// contract uses; the tests lint what comes out, so that a new one is noticed.

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Takes an OpenAPI 3.1 document, and leaves it as it is. */
export function asOpenapi30(document: Json): Json {
  const { summary: _, ...info } = document.info as Json
  const { name, identifier } = info.license as Json
  return {
    ...inside(document),
    openapi: '3.0.3',
    info: { ...info, license: { name, url: `https://spdx.org/licenses/${String(identifier)}.html` } },
  }
}

/** Around the schemas both versions are alike. Examples are data: what looks like a keyword in them is none. */
function inside(part: Json): Json {
  return mapped(part, (value, key) => {
    if (key === 'example' || key === 'examples') return value
    if (key === 'schema') return schema30(value)
    if (key === 'schemas' && isObject(value)) return mapped(value, schema30)
    if (Array.isArray(value)) return value.map((item) => (isObject(item) ? inside(item) : item))
    return isObject(value) ? inside(value) : value
  })
}

const aboveSchemas = ['items', 'additionalProperties', 'not', 'allOf', 'anyOf', 'oneOf']

function schema30(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(schema30)
  if (!isObject(schema)) return schema
  const { type, examples, enum: values, ...rest } = schema
  const same = mapped(rest, (value, key) => {
    if (key === 'properties' && isObject(value)) return mapped(value, schema30)
    return aboveSchemas.includes(key) ? schema30(value) : value
  })
  return {
    ...ofType(type),
    ...ofValues(values),
    ...same,
    ...(Array.isArray(examples) ? { example: examples[0] } : {}),
  }
}

/** 3.0 knows one type, and null as a remark on it. */
function ofType(type: unknown): Json {
  if (!Array.isArray(type)) return type === undefined ? {} : { type }
  const others = type.filter((name) => name !== 'null')
  const nullable = others.length < type.length ? { nullable: true } : {}
  return { type: others.length === 1 ? others[0] : others, ...nullable }
}

/** Generators name each value, and of several types they cannot: there, any value fits, and the description says which do. */
function ofValues(values: unknown): Json {
  if (!Array.isArray(values)) return {}
  const types = new Set(values.filter((value) => value !== null).map((value) => typeof value))
  return types.size > 1 ? {} : { enum: values }
}

function mapped(object: Json, change: (value: unknown, key: string) => unknown): Json {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]))
}
