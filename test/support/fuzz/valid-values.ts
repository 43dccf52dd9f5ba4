// Values that fit a schema of the contract, edges of its limits included. What a schema cannot say (that a phone number
// exists, that a name is free) is mostly met by its examples.
import fc, { type Arbitrary } from 'fast-check'
import { exampleTexts, isId, type Schema, typesOf } from './schema.ts'
import type { Field, Fields, Value } from './value.ts'

/** Any id that is known, of whatever it is. */
export const anything = 'anything'

/** `name` is the field's: `customer_id` is looked for among the customers. */
export function validValue(schema: Schema, name = ''): Arbitrary<Value> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((choice) => validValue(choice, name)))
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyCase) return inAnyCase(schema.anyCase)
  const types = typesOf(schema)
  if (types.length === 0) return fc.constantFrom<Value>(null, true, 1, 'anything', { fields: [] })
  return fc.oneof(
    ...types.map((type) => ({ weight: type === 'null' ? 1 : 5, arbitrary: ofType(type, schema, name) })),
  )
}

function ofType(type: string, schema: Schema, name: string): Arbitrary<Value> {
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return isId(schema) ? knownId(collectionOf(name)) : wholeNumber(schema)
    case 'number':
      return fc.oneof(
        wholeNumber(schema),
        fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true }),
      )
    case 'array':
      return (schema.uniqueItems ? fc.uniqueArray : fc.array)(validValue(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, Math.max(5, schema.minItems ?? 0)),
      })
    case 'object':
      return validFields(schema)
    default:
      return validText(schema)
  }
}

/** Every field that is required, and some of the others. The place in a list is not guessed: links are followed for it. */
export function validFields(schema: Schema, without: readonly string[] = []): Arbitrary<Fields> {
  const { properties = {}, required = [], minProperties = 0 } = schema
  const names = Object.keys(properties).filter((name) => !without.includes(name))
  const choices = names.map((name) =>
    fc.tuple(
      required.includes(name) ? fc.constant(true) : fc.boolean(),
      validValue(properties[name] ?? {}, name),
    ),
  )
  return fc.tuple(...choices).map((chosen) => {
    const all = names.map((name, index): Field => [name, chosen[index]?.[1] ?? null])
    const kept = all.filter((_, index) => chosen[index]?.[0])
    return { fields: kept.length >= minProperties ? kept : all.slice(0, minProperties) }
  })
}

/** `customers` for customer_id. */
function collectionOf(name: string): string {
  return name.endsWith('_id') ? `${name.slice(0, -3)}s` : anything
}

/** Mostly the id of a record that is there. */
export function knownId(collection: string): Arbitrary<Value> {
  return fc.oneof(
    {
      weight: 12,
      arbitrary: fc.nat({ max: 999 }).map((pick): Value => ({ collection, pick: pick / 1000 })),
    },
    { weight: 1, arbitrary: fc.constantFrom(1, 999_999, Number.MAX_SAFE_INTEGER) },
  )
}

function wholeNumber({ minimum = -1_000_000, maximum = 1_000_000 }: Schema): Arbitrary<number> {
  return fc.integer({ min: Math.ceil(minimum), max: Math.min(Math.floor(maximum), 2 ** 31 - 1) })
}

function inAnyCase(values: readonly string[]): Arbitrary<string> {
  return fc.constantFrom(
    ...values,
    ...values.map((value) => value.toLowerCase()),
    ...values.map((value) => value.charAt(0) + value.slice(1).toLowerCase()),
  )
}

/** Text that is unusual, and still text: right to left, combining, four bytes, joined, quoted, marked up. */
const unusual = [
  'ü',
  'e\u0301',
  'שלום',
  'مرحبا 123',
  '雪だるま',
  '👩‍👩‍👧‍👦',
  '𝔘𝔫𝔦',
  'İstanbul ſ ß',
  '\u202Eevil',
  'a\u200Bb',
  "O'Neil; drop table customers; --",
  '<script>alert(1)</script>',
  '%_\\',
  '{{7*7}} ${7*7}',
  '=1+1',
  '\u0007bell\ttab\r\nline',
]

function validText(schema: Schema): Arbitrary<string> {
  if (schema.format !== undefined) return formatted(schema)
  const examples = exampleTexts(schema)
  const example = examples[0] ?? 'x'.repeat(Math.max(1, schema.minLength ?? 0))
  const fits = fitting(schema)
  const orExample = (text: string) => (fits(text) ? text : example)
  const examplesOnly = fc.constantFrom(example, ...examples)
  const varied = fc.nat({ max: 9_999 }).map((digits) => orExample(withDigits(example, digits)))
  // An example of digits alone stands for a number of some plan (a phone's), which no text from us would be.
  if (/^[+\d][\d +-]*$/.test(example)) return fc.oneof(examplesOnly, { weight: 4, arbitrary: varied })
  return fc.oneof(
    { weight: 30, arbitrary: examplesOnly },
    { weight: 10, arbitrary: varied },
    { weight: 5, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }).map(orExample) },
    { weight: 5, arbitrary: fc.constantFrom(...unusual).map(orExample) },
    { weight: 1, arbitrary: fc.constantFrom('x', '雪', '𝔘').map((unit) => orExample(filled(schema, unit))) },
  )
}

/** The same with other last digits, or with some added. */
function withDigits(example: string, digits: number): string {
  const last = String(digits).padStart(4, '0')
  return /\d{4}$/.test(example) ? example.slice(0, -4) + last : example + last
}

/** As long as it may be: characters as JSON Schema counts them, which is not what `length` counts. */
function filled({ maxLength = 200 }: Schema, unit: string): string {
  return unit.repeat(maxLength)
}

/** Whether a text fits the pattern and the limits. */
function fitting({ pattern, minLength = 0, maxLength = Infinity }: Schema): (text: string) => boolean {
  const matches = pattern === undefined ? undefined : new RegExp(pattern, 'u')
  return (text) => {
    const length = [...text].length
    return length >= minLength && length <= maxLength && (matches?.test(text) ?? true)
  }
}

const word = fc.stringMatching(/^[a-z][a-z0-9]{2,11}$/)

const formats: Readonly<Record<string, Arbitrary<string>>> = {
  email: fc.tuple(word, word).map(([user, host]) => `${user}@${host}.example`),
  'date-time': fc
    .date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  date: fc
    .date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
  uri: word.map((host) => `https://${host}.example/${host}`),
  uuid: fc.uuid(),
}

function formatted(schema: Schema): Arbitrary<string> {
  const made = formats[schema.format ?? '']
  if (made) return made
  const [example, ...others] = exampleTexts(schema)
  if (example === undefined)
    throw new Error(`No text is known of the format ${schema.format}; give it an example`)
  return fc.constantFrom(example, ...others)
}
