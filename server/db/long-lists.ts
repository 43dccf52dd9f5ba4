// Remembers for a moment which lists are far longer than anybody counts. Counting was two thirds of a first page's cost.
import type { Database } from './database.ts'

/**
 * A list is far longer when this many rows would have to leave it before the count told less: rarely so many do within the
 * time that it is remembered, and then the count is that old.
 */
export const farBeyond = 1_000
const rememberedFor = 10_000
const rememberedAtMost = 1_000

/** Milliseconds that only grow; tests move them. */
export const clock = { now: () => performance.now() }

export interface LongLists {
  /** True where the list was found to be long within the last ten seconds. */
  has(filters: object): boolean
  add(filters: object): void
}

export function longLists(): (db: Database) => LongLists {
  const known = new WeakMap<Database, LongLists>()
  return (db) => {
    const lists = known.get(db) ?? rememberLists()
    known.set(db, lists)
    return lists
  }
}

function rememberLists(): LongLists {
  const until = new Map<string, number>()
  return {
    has: (filters) => (until.get(nameOf(filters)) ?? 0) > clock.now(),
    add(filters) {
      if (until.size >= rememberedAtMost) until.clear()
      until.set(nameOf(filters), clock.now() + rememberedFor)
    },
  }
}

/** Filters that are not given are undefined, and left out. */
const nameOf = (filters: object) => JSON.stringify(filters)
