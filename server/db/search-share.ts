// Searches have a share of the connections: to read on for a frequent word may take seconds, and must not keep everybody
// else waiting.
import pg from 'pg'
import { overloaded } from '../errors.ts'
import { semaphore } from '../semaphore.ts'
import { type Database, poolSize } from './database.ts'

type Share = ReturnType<typeof semaphore>

const limits = { atOnce: poolSize / 2, waiting: 32, patience: 3_000 }
const shares = new WeakMap<Database, Share>()

export function inSearchShare<T>(db: Database, work: () => Promise<T>): Promise<T> {
  // A transaction has its connection already: were it to wait here, all of them could, and none would be left to search.
  if (!(db instanceof pg.Pool)) return work()
  const share = shares.get(db) ?? semaphore(limits, () => overloaded('Too many are searching right now.'))
  shares.set(db, share)
  return share(work)
}
