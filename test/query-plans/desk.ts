// The desk on whose rows all statements are looked at. Filling it takes a minute, so that it is one for all of these files.
import { vi } from 'vitest'
import { getCustomer } from '../../contract/index.ts'
import { clock } from '../../server/db/long-lists.ts'
import { planExpectations } from '../support/expect-plans.ts'
import { cursorAt, openManyRowsDesk } from '../support/many-rows-desk.ts'

export const { as, client, ctx, given, rows } = await openManyRowsDesk()
export const operator = await given.operator()
export const call = as(operator)
export const admin = as(await given.admin())

export const { expectPlans, unusedIndexes } = planExpectations(client, () =>
  call(getCustomer, { params: { id: 1 } }),
)

// A list that was found to be long is not counted again for ten seconds. Here a minute passes at every look at the clock.
let now = 0
const time = vi.spyOn(clock, 'now')
letMinutesPass()

export function letMinutesPass() {
  time.mockImplementation(() => (now += 60_000))
}

/** It stands still, until minutes pass again. */
export function stopClock(at: number) {
  now = at
  time.mockReturnValue(at)
}

/** 11,000 entries of an index, about a hundred to a page. */
export const count = 160
/** 50 rows and one more, each on a page of its own, and its first post through an index of three levels. */
export const page = 51 * 6 + 20
export const firstPost = 'posts_ticket_id_number_key'

const inTheMiddle = { key: '2023-01-01T00:00:00.000000Z', id: 250_000 }
/** A list of more than 10,000 rows, and of less. */
const long = { ...inTheMiddle, count: 10_000, counted_up_to_cap: true }
const short = { ...inTheMiddle, count: 9_000, counted_up_to_cap: false }

type RequestQuery = {
  show_archived?: boolean
  processed_by?: number
  created_by?: number
  sort?: '-created'
  status?: 'PENDING'
}

/** `cursor` names the place that the list is entered at. */
export function inQuery(url: string, { cursor, ...query }: Record<string, string>): RequestQuery {
  if (cursor === undefined) return query
  return { ...query, cursor: cursorAt(url, query, cursor === 'long' ? long : short) } as RequestQuery
}
