// A change of a record, and what its module says of who may hear of it. The feed asks; it knows no module.
import type { Scope } from '../contract/index.ts'
import type { Actor } from './context.ts'

/** Of a record, the fields that its policy names. */
export type Fields = Readonly<Record<string, unknown>>

export interface Change {
  /** Its position in the chain. */
  readonly id: number
  /** What happened, such as `ticket.assigned`. */
  readonly type: string
  readonly at: string
  readonly record_type: string
  readonly record_id: number
  readonly version: number | null
  readonly actor_id: number | null
  readonly request_id: string
  /** Null where the record was made by this change. */
  readonly before: Fields | null
  /** Null where the record was erased. */
  readonly after: Fields | null
}

export interface ChangePolicy {
  /** What the answers below depend on. */
  readonly fields: readonly string[]
  /** What a client needs to be granted to hear of it; without one none hears. */
  readonly scope?: Scope
  /** Whoever may read the record may hear that it changed, and nobody else. */
  maySee(actor: Actor, change: Change): boolean
  /** Where this actor reads the record; null where there is no such place. */
  href(actor: Actor, change: Change): string | null
  /** True where the record is out of the lists from then on: archived, disabled, revoked, erased. */
  isGone(change: Change): boolean
}

/** By record type. One that is not here is told to nobody. */
export type ChangePolicies = Readonly<Record<string, ChangePolicy>>
