// How much of files may be in memory: from when they come until the call that brought them is answered. Bytes are counted as they
// come and not as they are announced, so that who sends slowly takes little.
import { type AppError, overloaded, tooManyRequests } from '../errors.ts'
import type { CountedAs } from '../counted-as.ts'

/** At once. Those who send slowly are let go after 30 s. */
const readAtOnce = 32

/** Of these for one sender, or who sends slowly would keep all others from sending. */
const readAtOnceForOne = 4

const mebibyte = 1024 ** 2
const heldAtOnce = 256 * mebibyte

/** What one call may bring, and a little besides. */
const heldAtOnceForOne = 64 * mebibyte

interface Tally {
  calls: number
  bytes: number
}

/** What a call takes up. */
export interface Place {
  /** Throws where so many bytes more are too many, and counts nothing. */
  take(bytes: number): void
  /** Throws like `take`, and takes nothing: for what is announced. */
  expect(bytes: number): void
  /** All of it has come. */
  hasCome(): void
  /** The bytes are needed no longer. */
  leave(): void
}

export function uploadRoom() {
  const all: Tally = { calls: 0, bytes: 0 }
  const senders = new Map<CountedAs, Tally>()

  return function enter(sender: CountedAs): Place {
    const own = senders.get(sender) ?? { calls: 0, bytes: 0 }
    if (own.calls >= readAtOnceForOne)
      throw tooManyRequests(`You may send ${readAtOnceForOne} files at a time`, 1)
    if (all.calls >= readAtOnce) throw overloaded()
    let [calls, bytes] = [0, 0]
    const count = (change: Partial<Tally>) => {
      for (const tally of [all, own]) {
        tally.calls += change.calls ?? 0
        tally.bytes += change.bytes ?? 0
      }
      calls += change.calls ?? 0
      bytes += change.bytes ?? 0
      if (own.calls + own.bytes > 0) senders.set(sender, own)
      else if (senders.get(sender) === own) senders.delete(sender)
    }
    const refusal = (more: number): AppError | undefined => {
      if (own.bytes + more > heldAtOnceForOne)
        return tooManyRequests(`You may send ${heldAtOnceForOne / mebibyte} MiB at a time`, 1)
      return all.bytes + more > heldAtOnce ? overloaded() : undefined
    }
    const expect = (more: number) => {
      const refused = refusal(more)
      if (refused) throw refused
    }

    count({ calls: 1 })
    return {
      expect,
      take(more) {
        expect(more)
        count({ bytes: more })
      },
      hasCome: () => count({ calls: -calls }),
      leave: () => count({ calls: -calls, bytes: -bytes }),
    }
  }
}
