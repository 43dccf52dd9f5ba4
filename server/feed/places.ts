import { tooManyRequests, unavailable } from '../errors.ts'

const ofOneUser = 10
const inAll = 1_000

/** How many streams may be open at once in this process. */
export function places() {
  const taken = new Map<number | null, number>()
  let all = 0

  return {
    get areFree() {
      return all === 0
    },
    /** Answers how to give it back. Throws a 429 or a 503 when there is none. */
    take(userId: number | null): () => void {
      const before = taken.get(userId) ?? 0
      if (before >= ofOneUser)
        throw tooManyRequests(`You have ${ofOneUser} streams open; close one first.`, 10)
      if (all >= inAll) throw unavailable('Too many streams are open here; try again in a moment.')
      all += 1
      taken.set(userId, before + 1)
      return () => {
        all -= 1
        const left = (taken.get(userId) ?? 0) - 1
        if (left > 0) taken.set(userId, left)
        else taken.delete(userId)
      }
    },
  }
}
