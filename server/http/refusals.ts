// How those are refused who are too many. The first hundred in a second learn it at once. Whoever comes after them is told a
// second later: callers who ask again at once, whatever Retry-After says, would otherwise keep us from all else (measured: a
// thousand of them were refused 20,000 times a second, and 400 calls were answered in place of 6,500).
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'

const atOnce = 100
const second = 1_000

/** The log says how many they were, once a second: a line with a stack for each would cost more than refusing saves. */
export function refusals(log: Pick<FastifyBaseLogger, 'warn'>) {
  let refused = 0

  function endOfSecond() {
    log.warn({ refused }, 'overloaded; requests were refused')
    refused = 0
  }

  /** To be waited for before a refusal is sent. */
  return async function refusalTime(): Promise<void> {
    refused += 1
    if (refused === 1) setTimeout(endOfSecond, second).unref()
    if (refused > atOnce) await pause(second)
  }
}
