// The part of JSON Schema that the contract is written in.
export interface Schema {
  readonly type?: string | readonly string[]
  readonly const?: string | number | boolean | null
  readonly enum?: readonly (string | number)[]
  /** An enum that is accepted in any case. */
  readonly anyCase?: readonly string[]
  readonly pattern?: string
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly uniqueItems?: boolean
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly minProperties?: number
  readonly anyOf?: readonly Schema[]
  readonly examples?: unknown
}

export function typesOf(schema: Schema): readonly string[] {
  return schema.type === undefined ? [] : [schema.type].flat()
}

/** Ids are what the contract's `id` makes: whole numbers from 1 up to the largest that JSON can say. */
export function isId(schema: Schema): boolean {
  return (
    typesOf(schema).includes('integer') && schema.minimum === 1 && schema.maximum === Number.MAX_SAFE_INTEGER
  )
}

/** The examples that are texts. */
export function exampleTexts({ examples }: Schema): string[] {
  return Array.isArray(examples) ? examples.filter((example) => typeof example === 'string') : []
}
