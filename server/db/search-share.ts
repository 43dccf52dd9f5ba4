// Searches have a share of the connections: to read on for a frequent word may take seconds, and must not keep everybody
// else waiting. Of that share each caller has a part, so that nobody waits behind what one of them asks, and all customers together
// have one, so that they keep none of the staff from searching.
import pg from 'pg'
import type { CountedAs, Searcher } from '../counted-as.ts'
import { overloaded, tooManyRequests } from '../errors.ts'
import { semaphore } from '../semaphore.ts'
import { type Database, poolSize } from './database.ts'

/** Of all callers: so many connections, and as many who wait for one. */
const limits = { atOnce: poolSize / 2, waiting: 32, patience: 3_000 }

/** Of all customers: anybody may become one, and many. */
const limitsOfCustomers = { atOnce: 3, waiting: 24, patience: 3_000 }

/** Of one caller. Those at a time stand in the queue of all, if there is one, and the others behind them in the caller's own. */
const limitsOfOne = { atOnce: 2, waiting: 8, patience: 3_000 }

type Share = ReturnType<typeof newShare>

const shares = new WeakMap<Database, Share>()

export function inSearchShare<T>(db: Database, searcher: Searcher, work: () => Promise<T>): Promise<T> {
  // A transaction has its connection already: were it to wait here, all of them could, and none would be left to search.
  if (!(db instanceof pg.Pool)) return work()
  const share = shares.get(db) ?? newShare()
  shares.set(db, share)
  return share(searcher, work)
}

function newShare() {
  const tooMany = () => overloaded('Too many are searching right now.')
  const inTurn = semaphore(limits, tooMany)
  const inCustomersTurn = semaphore(limitsOfCustomers, tooMany)
  const callers = new Map<CountedAs, { readonly inOwnTurn: typeof inTurn; searches: number }>()

  return async function <T>({ countedAs, isStaff }: Searcher, work: () => Promise<T>): Promise<T> {
    const own = callers.get(countedAs) ?? { inOwnTurn: semaphore(limitsOfOne, tooManyOfOne), searches: 0 }
    callers.set(countedAs, own)
    own.searches += 1
    try {
      return await own.inOwnTurn(() => (isStaff ? inTurn(work) : inCustomersTurn(() => inTurn(work))))
    } finally {
      own.searches -= 1
      if (own.searches === 0) callers.delete(countedAs)
    }
  }
}

const tooManyOfOne = () =>
  tooManyRequests(
    `You may make ${limitsOfOne.atOnce} searches at a time while ${limitsOfOne.waiting} others wait`,
    1,
  )
