import { tooManyRequests, unavailable } from '../errors.ts'

const ofOneUser = 10
const inAll = 1_000

/** How many streams may be open at once in this process. */
export function streamLimits() {
  const openOfUser = new Map<number | null, number>()
  let open = 0

  return {
    get noneOpen() {
      return open === 0
    },
    /** Counts one more, and answers how to end that. Throws a 429 or a 503 where it would be too many. */
    enter(userId: number | null): () => void {
      const before = openOfUser.get(userId) ?? 0
      if (before >= ofOneUser) throw tooManyRequests(`You have ${ofOneUser} streams open, so close one`, 10)
      if (open >= inAll) throw unavailable('Too many streams are open here; try again in a moment.')
      open += 1
      openOfUser.set(userId, before + 1)
      return () => {
        open -= 1
        const left = (openOfUser.get(userId) ?? 0) - 1
        if (left > 0) openOfUser.set(userId, left)
        else openOfUser.delete(userId)
      }
    },
  }
}
