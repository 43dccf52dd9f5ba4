// Objects that fit a schema but for one thing: the ways in which a caller is nearly right.
import fc, { type Arbitrary } from 'fast-check'
import { exampleTexts, type Schema, typesOf } from './schema.ts'
import { validFields } from './valid-values.ts'
import type { Field, Fields, Value } from './value.ts'

/** Texts that PostgreSQL, JavaScript or a reader of JSON may trip over. */
const oddTexts: readonly string[] = [
  '',
  ' ',
  '\t\n',
  '\u0085',
  '\u00A0\u2003\uFEFF',
  '\0',
  'a\0b',
  '\uD800',
  'a\uDC00b',
  '\uFFFF\uFFFE',
  '\u202E\u2066',
  'e' + '\u0301'.repeat(500),
  '𝔘'.repeat(60),
  'null',
  'undefined',
  'NaN',
  'true',
  '1',
  '-1',
  '1e999',
  '0x10',
  '[object Object]',
  '__proto__',
  "'",
  "' or '1'='1",
  '\\',
  '%00',
  '../../etc/passwd',
  '${jndi:ldap://x}',
  'x'.repeat(5_000),
]

const oddNumbers: readonly Value[] = [
  0,
  -1,
  1.5,
  1e-7,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e300,
  { raw: '1e999' },
  { raw: '-1e999' },
  { raw: '-0' },
  { raw: '9223372036854775808' },
  { raw: '99999999999999999999999999999999' },
  { raw: '0.1e1' },
]

const oddOthers: readonly Value[] = [null, true, false, [], [null], { fields: [] }, { fields: [['a', 1]] }]

export const oddValue: Arbitrary<Value> = fc.oneof(
  fc.constantFrom(...oddTexts),
  fc.constantFrom(...oddNumbers),
  fc.constantFrom(...oddOthers),
)

/** Names that a careless program takes from every object's prototype, or that an attacker would like to be fields. */
export const oddNames: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '',
  ' ',
  'id',
  'role',
  'version',
  'password_hash',
  'created_by',
  'is_admin',
  '$where',
  'a.b',
  'a[b]',
  'x\0',
  '\uD800',
  '/~0~1',
  'n'.repeat(300),
]

/** One thing about these fields is wrong. */
export function spoiledFields(schema: Schema, without: readonly string[] = []): Arbitrary<Fields> {
  const { properties = {}, required = [] } = schema
  const names = Object.keys(properties)
  const valid = validFields(schema, without)
  const spoil = (change: (fields: readonly Field[]) => readonly Field[]) =>
    valid.map(({ fields }) => ({ fields: change(fields) }))

  return fc.oneof(
    { weight: 1, arbitrary: fc.constant({ fields: [] }) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(valid, fc.constantFrom(...oddNames), oddValue)
        .map(([{ fields }, name, value]) => ({ fields: [...fields, [name, value] as const] })),
    },
    { weight: 1, arbitrary: spoil((fields) => [...fields, ...fields.slice(0, 1)]) },
    {
      weight: 1,
      arbitrary: spoil((fields) => fields.map(([name, value]) => [` ${name.toUpperCase()}`, value])),
    },
    ...required.map((missing) => ({
      weight: 1,
      arbitrary: spoil((fields) => fields.filter(([name]) => name !== missing)),
    })),
    ...names.map((spoiled) => ({
      weight: 3,
      arbitrary: fc.tuple(valid, spoiledValue(properties[spoiled] ?? {})).map(([{ fields }, value]) => ({
        fields: [...fields.filter(([name]) => name !== spoiled), [spoiled, value] as const],
      })),
    })),
  )
}

/** Beside what the schema allows: another type, just over a limit, another case. Now and then it fits after all. */
function spoiledValue(schema: Schema): Arbitrary<Value> {
  const near = nearlyRight(schema)
  return near.length === 0 ? oddValue : fc.oneof(fc.constantFrom(...near), oddValue)
}

function nearlyRight(schema: Schema): Value[] {
  const types = typesOf(schema)
  const values: Value[] = []
  for (const value of [...(schema.enum ?? []), ...(schema.anyCase ?? [])].map(String)) {
    values.push(value.toLowerCase(), value.toUpperCase(), ` ${value}`, `${value}\0`, `${value}s`, [value])
  }
  if (types.includes('string')) {
    const { minLength = 0, maxLength = 0 } = schema
    const [example = 'x'] = exampleTexts(schema)
    values.push(
      [example],
      { fields: [['toString', example]] },
      ` ${example} `,
      `${example}\0`,
      `\u0085${example}`,
    )
    if (minLength > 0) values.push('x'.repeat(minLength - 1))
    if (maxLength > 0) values.push('x'.repeat(maxLength), 'x'.repeat(maxLength + 1), '𝔘'.repeat(maxLength))
  }
  if (types.includes('integer') || types.includes('number')) {
    const { minimum = 0, maximum = 0 } = schema
    values.push(minimum, minimum - 1, maximum, maximum + 1, String(minimum + 1), [minimum + 1])
  }
  if (types.includes('boolean')) values.push('true', 'TRUE', 'yes', 0, 1, '')
  return values
}
