// What was opened is closed again in reverse. Each step has its time, so that one that hangs or fails keeps nothing else open.
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from './log.ts'

export interface Closing {
  /** `milliseconds`: how long it may take before the next one is closed all the same. */
  add(what: string, close: () => Promise<unknown>, milliseconds: number): void
  close(): Promise<void>
}

export function closingInTurn(log: Log): Closing {
  const steps: { what: string; close: () => Promise<unknown>; milliseconds: number }[] = []
  let closed: Promise<void> | undefined

  async function closeAll() {
    for (const { what, close, milliseconds } of steps.reverse()) {
      const closed = close().catch((error: unknown) =>
        log.warn({ err: error }, `could not close ${what} cleanly`),
      )
      const late = await Promise.race([closed, pause(milliseconds, 'late', { ref: false })])
      if (late === 'late') log.warn({ what, milliseconds }, `did not wait any longer for ${what}`)
    }
  }

  return {
    add: (what, close, milliseconds) => void steps.push({ what, close, milliseconds }),
    close: () => (closed ??= closeAll()),
  }
}

/** What the work comes to, or the signal's reason when that is first. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = async (): Promise<never> => {
    if (!signal.aborted) await once(signal, 'abort')
    throw signal.reason
  }
  return Promise.race([aborted(), work])
}
