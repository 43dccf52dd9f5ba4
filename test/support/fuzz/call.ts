// Calls of the contract's endpoints, made from their schemas: valid ones, and ones with one thing wrong.
import fc, { type Arbitrary } from 'fast-check'
import type { Endpoint } from '../../../contract/index.ts'
import { oddValue, spoiledFields } from './spoiled-values.ts'
import { knownId, validFields, validValue } from './valid-values.ts'
import { isId, type Schema } from './schema.ts'
import type { Field, Fields, Value } from './value.ts'

export interface Call {
  readonly endpoint: Endpoint
  readonly params: readonly Field[]
  readonly query: readonly Field[]
  readonly body: Value | undefined
  /** The body as a form, with files. */
  readonly asForm: boolean
  /** Go to another page of this list, if one was seen: from 0 up to 1. */
  readonly follow: number | undefined
}

/** The place in a list is signed by the desk, so that it is followed, and never made up. */
const cursor = ['cursor']

export function validCall(endpoint: Endpoint): Arbitrary<Call> {
  const { querystring, body } = endpoint.schema
  return fc.record({
    endpoint: fc.constant(endpoint),
    params: fc.tuple(...paramsOf(endpoint)),
    query: querystring ? fewFields(querystring) : fc.constant([]),
    body: body ? validValue(body) : fc.constant(undefined),
    asForm: endpoint.config.upload && body ? fc.boolean() : fc.constant(false),
    follow: querystring
      ? fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), { nil: undefined, freq: 3 })
      : fc.constant(undefined),
  })
}

/** Half of the lists are asked for without any filter, since all of them together find nothing. What is required is always there. */
function fewFields(schema: Schema): Arbitrary<readonly Field[]> {
  const { required = [] } = schema
  const few = fc.tuple(validFields(schema, cursor), fc.nat({ max: 3 })).map(([{ fields }, most]) => {
    const others = fields.filter(([name]) => !required.includes(name))
    return [...fields.filter(([name]) => required.includes(name)), ...others.slice(-most)]
  })
  return required.length > 0 ? few : fc.oneof(fc.constant([]), few)
}

/** An id is one of the collection that the path names before it. */
function paramsOf({ url, schema }: Endpoint): Arbitrary<Field>[] {
  const words = url.split('/')
  const properties: Readonly<Record<string, Schema>> = schema.params?.properties ?? {}
  return Object.entries(properties).map(([name, property]) => {
    const collection = words[words.indexOf(`:${name}`) - 1] ?? ''
    const value = isId(property) ? knownId(collection) : validValue(property, name)
    return value.map((value): Field => [name, value])
  })
}

/** Right but for one thing, in one of the parts that the call has. */
export function spoiledCall(endpoint: Endpoint): Arbitrary<Call> {
  const { params, querystring, body } = endpoint.schema
  const valid = validCall(endpoint)
  const ways: { weight: number; arbitrary: Arbitrary<Call> }[] = [
    {
      weight: 3,
      arbitrary: changed(valid, spoiledFields(querystring ?? nothing, cursor), ({ fields }) => ({
        query: fields,
        follow: undefined,
      })),
    },
    { weight: body ? 3 : 1, arbitrary: changed(valid, oddValue, (value) => ({ body: value })) },
  ]
  if (params)
    ways.push({
      weight: 3,
      arbitrary: changed(valid, spoiledParams(params), ({ fields }) => ({ params: fields })),
    })
  if (body)
    ways.push({ weight: 18, arbitrary: changed(valid, spoiledFields(body), (fields) => ({ body: fields })) })
  return fc.oneof(...ways)
}

const nothing: Schema = { properties: {} }

/** Every parameter stands in the path, whatever it is: nothing to leave out, nothing to add. */
function spoiledParams({ properties = {} }: Schema): Arbitrary<Fields> {
  return fc
    .tuple(...Object.keys(properties).map((name) => oddValue.map((value): Field => [name, value])))
    .map((fields) => ({ fields }))
}

function changed<T>(
  valid: Arbitrary<Call>,
  odd: Arbitrary<T>,
  change: (value: T) => Partial<Call>,
): Arbitrary<Call> {
  return fc.tuple(valid, odd).map(([call, value]) => ({ ...call, asForm: false, ...change(value) }))
}
