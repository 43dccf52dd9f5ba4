// Lets only so many run at once; the others wait their turn, and when too many wait a newcomer is refused.

interface Places {
  readonly atOnce: number
  readonly waiting: number
}

export function turns(places: Places, refusal: () => Error) {
  let running = 0
  const waiting: (() => void)[] = []

  return async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running < places.atOnce) {
      running += 1
    } else {
      if (waiting.length >= places.waiting) throw refusal()
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    try {
      return await work()
    } finally {
      // The place is handed on, so that a newcomer cannot slip in before those who wait.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
