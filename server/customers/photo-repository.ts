import { sql } from 'kysely'
import type { Customer } from '../../contract/index.ts'
import { audited, type Auditing } from '../db/audit.ts'
import { statement } from '../db/statement.ts'
import { columns, type From, locked, type PhotoColumns, touchedBy } from './customer-repository.ts'

export type Photo = { readonly [Column in keyof PhotoColumns]: string }

/** `replaced`: the key of the photo that it had before. */
type Replacing = { readonly replaced: string | null }

/** Gives a live customer a photo whose files are there already. No row: absent or archived. */
export const setPhoto = statement<{ id: number } & Photo & From & Auditing>()(
  (value) => sql<Customer & Replacing>`
    with before as (${locked(value.id)}),
    changed as (
      update customers set photo_key = ${value.photo_key}, photo_large_hash = ${value.photo_large_hash},
        photo_small_hash = ${value.photo_small_hash}, ${touchedBy(value)}
      from before where customers.id = before.id and before.state = any(${value.from})
      returning customers.*
    ),
    ${audited(value, { action: 'customer.photo_changed', recordType: 'customer', before: sql`before`, after: sql`changed` })}
    select ${columns}, (before.row).photo_key as replaced from changed as customers join before on before.id = customers.id`,
)

/** No row: absent, archived, or without a photo already. */
export const removePhoto = statement<{ id: number } & From & Auditing>()(
  (value) => sql<Replacing>`
    with before as (${locked(value.id)}),
    changed as (
      update customers set photo_key = null, photo_large_hash = null, photo_small_hash = null, ${touchedBy(value)}
      from before where customers.id = before.id and before.state = any(${value.from}) and (before.row).photo_key is not null
      returning customers.*
    ),
    ${audited(value, { action: 'customer.photo_removed', recordType: 'customer', before: sql`before`, after: sql`changed` })}
    select (before.row).photo_key as replaced from changed join before on before.id = changed.id`,
)

/** A row without a photo has nulls; no row: there is no such customer. */
export const findPhoto = statement<{ id: number }>()(
  (value) => sql<PhotoColumns>`
    select customers.photo_key, customers.photo_large_hash, customers.photo_small_hash
    from customers where customers.id = ${value.id}`,
)

/** Of these keys, those that a customer's photo has. */
export const keysInUse = statement<{ keys: readonly string[] }>()(
  (value) => sql<{ photo_key: string }>`
    select customers.photo_key from customers where customers.photo_key = any(${value.keys})`,
)
