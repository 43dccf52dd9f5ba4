// Says in the log that requests are being refused: the first at once, then how many in each second. A line with a stack for
// each of them would cost more than what is saved by refusing it.
import type { FastifyBaseLogger } from 'fastify'

export function overloadNotice(log: FastifyBaseLogger) {
  let refused = 0
  let quiet = true

  return function note() {
    refused += 1
    if (quiet) tell()
  }

  function tell() {
    quiet = refused === 0
    if (quiet) return
    log.warn({ refused }, 'overloaded; requests were refused')
    refused = 0
    setTimeout(tell, 1_000).unref()
  }
}
