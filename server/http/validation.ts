// Checks what comes in against the contract. Bodies are taken as they are; query and path, which are text, are read as the
// type that the contract names, in one spelling only. Nothing unknown is dropped: it is refused and named.
import { Ajv, type ErrorObject } from 'ajv'
import type { DataValidateFunction } from 'ajv/dist/types/index.js'
import addFormats from 'ajv-formats'
import type { FastifyInstance } from 'fastify'
import {
  notBlank,
  recordPattern,
  recordTypes,
  scopeNames,
  searchable,
  signInScopes,
  tagPattern,
  usernamePattern,
} from '../../contract/index.ts'
import { invalid, type InvalidPart } from '../errors.ts'
import { escapePointer, unstorableText } from './text.ts'

const maxErrors = 20

export function validateByContract(app: FastifyInstance) {
  const ajv = new Ajv({ allErrors: true, verbose: true, strictTypes: false, allowUnionTypes: true })
  addFormats.default(ajv, ['email', 'date-time', 'uri'])
  ajv.addKeyword({ keyword: 'anyCase', modifying: true, errors: true, compile: anyCase })

  app.setValidatorCompiler(({ schema, httpPart }) => {
    const part = httpPart === 'body' ? 'body' : httpPart === 'querystring' ? 'query' : 'path'
    const validate = ajv.compile(withoutId(schema))
    const read = part === 'body' ? undefined : reader(schema as ObjectSchema)
    return (given: unknown) => {
      const value = read ? read(given as Readonly<Record<string, unknown>>) : given
      if (!validate(value)) return { error: invalid(toParts(part, validate.errors ?? [])) }
      const unstorable = part === 'query' ? unstorableText(part, value) : []
      return unstorable.length > 0 ? { error: invalid(unstorable) } : { value }
    }
  })
}

interface ObjectSchema {
  readonly properties: Readonly<Record<string, { readonly type?: string }>>
}

/** Reads the numbers and truths of a query or a path. What is not spelled as one stays text, for the schema to refuse. */
function reader({ properties }: ObjectSchema) {
  return (texts: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [
        name,
        typeof text === 'string' ? readAs(properties[name]?.type, text) : text,
      ]),
    )
}

/** The number or the truth that a text spells, where one is wanted. */
export function readAs(type: unknown, text: string): unknown {
  if (type === 'integer' && /^-?(?:0|[1-9]\d{0,19})$/.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

type Check = DataValidateFunction & { errors?: Partial<ErrorObject>[] }

/** Accepts an enum's values in any case and passes them on as the contract spells them. */
function anyCase(values: readonly string[]): Check {
  const check: Check = (value: unknown, place) => {
    if (typeof value !== 'string') return true // `type` says so already
    const spelled = values.find((candidate) => candidate.toLowerCase() === value.toLowerCase())
    if (spelled !== undefined && place) place.parentData[place.parentDataProperty] = spelled
    else check.errors = [{ keyword: 'enum', params: { allowedValues: values } }]
    return spelled !== undefined
  }
  return check
}

/** The schema's $id is its name for readers; one schema may stand in several routes. */
function withoutId(schema: unknown): object {
  const { $id: _, ...rest } = schema as { $id?: string }
  return rest
}

/** What the contract's patterns mean, in words. */
const patterns: Readonly<Record<string, string>> = {
  [notBlank]: 'must not be blank',
  [recordPattern]: `must be the type (${recordTypes.join(', ')}) and the number of a record, such as customer:12`,
  [tagPattern]: 'must show something, without a comma',
  [searchable]: 'must hold a letter or a digit',
  [usernamePattern]: 'must be made of letters, digits and @ . + - _ alone',
}

function toParts(part: InvalidPart['in'], errors: readonly ErrorObject[]): InvalidPart[] {
  return errors.slice(0, maxErrors).map((error) => toPart(part, error))
}

function toPart(part: InvalidPart['in'], error: ErrorObject): InvalidPart {
  const at = (key?: string) =>
    key === undefined ? error.instancePath : `${error.instancePath}/${escapePointer(key)}`
  const { params } = error
  switch (error.keyword) {
    case 'additionalProperties':
      return {
        in: part,
        pointer: at(String(params.additionalProperty)),
        detail: part === 'query' ? 'is not a known parameter' : 'is not a known field',
      }
    case 'required':
      return { in: part, pointer: at(String(params.missingProperty)), detail: 'is required' }
    case 'enum':
      return { in: part, pointer: at(), detail: whyNotAmong(params.allowedValues, error.data) }
    case 'pattern':
      return { in: part, pointer: at(), detail: patterns[params.pattern] ?? `must match ${params.pattern}` }
    case 'format':
      return {
        in: part,
        pointer: at(),
        detail: params.format === 'email' ? 'must be an e-mail address' : `must be a ${params.format}`,
      }
    case 'minLength':
      return {
        in: part,
        pointer: at(),
        detail: params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} characters`,
      }
    case 'maxLength':
      return { in: part, pointer: at(), detail: `must have at most ${params.limit} characters` }
    case 'minProperties':
      return { in: part, pointer: at(), detail: 'must name at least one field to change' }
    case 'type':
      return { in: part, pointer: at(), detail: `must be ${[params.type].flat().join(' or ')}` }
    default:
      return { in: part, pointer: at(), detail: error.message ?? 'does not fit' }
  }
}

function whyNotAmong(allowed: readonly unknown[], value: unknown): string {
  const isForScopes = String(allowed) === String(scopeNames)
  if (isForScopes && typeof value === 'string' && Object.hasOwn(signInScopes, value))
    return 'need not be registered: every client that acts for users may ask for it'
  // Where true is meant as well as "True", each is shown as it is written.
  const shown = allowed.some((one) => typeof one === 'boolean')
    ? allowed.map((one) => JSON.stringify(one))
    : allowed
  return `must be one of ${shown.join(', ')}`
}
