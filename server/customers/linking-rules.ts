// What becomes of customers when a user proves an e-mail address. A pure rule.
import type { CustomerState } from './customer-rules.ts'

export interface LinkableRecord {
  readonly id: number
  readonly email: string | null
  readonly state: CustomerState
  /** True of the user's own record; false of the live one that has the address and no login. */
  readonly own: boolean
}

type Linking =
  | { readonly do: 'nothing' }
  /** The shop knows nobody with this address: it becomes that of the user's own record. */
  | { readonly do: 'give_address'; readonly id: number }
  /** The shop knows them: the record is theirs, in place of the one that they had, if they had any. */
  | { readonly do: 'link'; readonly id: number; readonly instead: number | undefined }

/**
 * A record of theirs without an address is one that signing up made, and one that is archived is of no use to them: these are given
 * up. One with an address is known to the shop as it is, and two such are for people to put together.
 */
export function linkingOf(records: readonly LinkableRecord[]): Linking {
  const own = records.find((record) => record.own)
  const known = records.find((record) => !record.own)
  const keeps = own?.state === 'LIVE' && own.email !== null
  if (known) return keeps ? { do: 'nothing' } : { do: 'link', id: known.id, instead: own?.id }
  return own?.state === 'LIVE' && !keeps ? { do: 'give_address', id: own.id } : { do: 'nothing' }
}
