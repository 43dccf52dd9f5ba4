// As whom a call counts, where something is limited for one caller: their user or, where nobody is signed in, the network.
import { atLeast } from '../contract/index.ts'
import { clientNetworkOf } from './client-network.ts'
import type { Actor } from './context.ts'

export type CountedAs = number | string

export interface Countable {
  readonly actor?: Actor
  readonly ip: string
}

/** Whoever is not signed in has no actor, or under ANONYMOUS_ROLE one without a user. */
export const countedAs = ({ actor, ip }: Countable): CountedAs => actor?.user_id ?? clientNetworkOf(ip)

/** Whose search it is. */
export interface Searcher {
  readonly countedAs: CountedAs
  readonly isStaff: boolean
}

export const searcherOf = (request: Countable): Searcher => ({
  countedAs: countedAs(request),
  isStaff: request.actor !== undefined && atLeast(request.actor.role, 'operator'),
})
