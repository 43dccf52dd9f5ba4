// Lets only so many run at once; the others wait in the order in which they came, and when too many wait a newcomer is refused.

interface Limits {
  readonly atOnce: number
  readonly waiting: number
  /** In milliseconds; whoever has waited as long is refused. */
  readonly patience?: number
}

export function semaphore({ atOnce, waiting: waitingAtMost, patience }: Limits, refusal: () => Error) {
  let running = 0
  /** In the order in which they came. */
  const waiting = new Set<() => void>()

  function permit(): Promise<void> {
    return new Promise((resolve, reject) => {
      const called = () => {
        clearTimeout(impatience)
        resolve()
      }
      const giveUp = () => {
        waiting.delete(called)
        reject(refusal())
      }
      const impatience = patience === undefined ? undefined : setTimeout(giveUp, patience)
      waiting.add(called)
    })
  }

  return async function withPermit<T>(work: () => Promise<T>): Promise<T> {
    if (running < atOnce) {
      running += 1
    } else {
      if (waiting.size >= waitingAtMost) throw refusal()
      await permit()
    }
    try {
      return await work()
    } finally {
      // The permit is handed on, so that a newcomer cannot slip in before those who wait.
      const [next] = waiting
      if (next) {
        waiting.delete(next)
        next()
      } else {
        running -= 1
      }
    }
  }
}
