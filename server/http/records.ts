// What the house must know of a record to give it ETags, preconditions and links, whichever endpoint it passes through. A
// module says it once for each of its records.
import type { Static } from 'typebox'
import type { RecordName, records, Target } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import type { Versioned } from '../db/version.ts'

type RecordOf<Name extends RecordName> = Static<(typeof records)[Name]['schema']>

export interface RecordDefinition<Name extends RecordName> {
  /** The table whose rows bear its version. */
  readonly table: Versioned
  /** The use case behind reading it: throws a 404 for one that is not there, or not for this actor. */
  get(ctx: Context, actor: Actor, id: number): Promise<RecordOf<Name>>
  /** `self`, what is related, and each action that is possible in this state, and on oneself. Whose role it takes is the endpoint's to say. */
  links(record: RecordOf<Name>, actor: Actor): Readonly<Record<string, Target>>
}

/** Of all that can be done to a record, what is possible now. */
export function possible<Action extends string>(
  actions: Readonly<Record<Action, Target>>,
  may: (action: Action) => boolean,
): Readonly<Record<string, Target>> {
  return Object.fromEntries((Object.entries(actions) as [Action, Target][]).filter(([action]) => may(action)))
}

export type RecordDefinitions = { readonly [Name in RecordName]: RecordDefinition<Name> }
