// What stands in a request before it is written: JSON, and what JSON.stringify cannot say (a name twice, 1e999, an id that
// only the desk under test knows). Plain data, so that fast-check can shrink it.

export type Value = null | boolean | number | string | Fields | Raw | Known | readonly Value[]

/** An object. Pairs, since a hostile one names a field twice, or __proto__. */
export interface Fields {
  readonly fields: readonly Field[]
}
export type Field = readonly [name: string, value: Value]

/** JSON as it is. */
export interface Raw {
  readonly raw: string
}

/** The id of a record that the desk has told of: the collection it stands in, and which of them, from 0 up to 1. */
export interface Known {
  readonly collection: string
  readonly pick: number
}

/** Finds the id that is meant. */
export type Find = (known: Known) => number

export function toJson(value: Value, find: Find): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if ('raw' in value) return value.raw
  if ('collection' in value) return String(find(value))
  if (!('fields' in value)) return `[${value.map((item) => toJson(item, find)).join(',')}]`
  const fields = value.fields.map(([name, field]) => `${JSON.stringify(name)}:${toJson(field, find)}`)
  return `{${fields.join(',')}}`
}

/** As it stands in a path or a query, before it is escaped. */
export function toText(value: Value, find: Find): string {
  return typeof value === 'string' ? value : toJson(value, find)
}
