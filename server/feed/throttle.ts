import { setTimeout as pause } from 'node:timers/promises'

/**
 * Runs `work` when called: at most once in so many milliseconds, and never twice at once. What is called meanwhile becomes one
 * run more. Each call is answered by a run that began after it.
 */
export function throttle(milliseconds: number, work: () => Promise<void>): () => Promise<void> {
  let latest: Promise<void> = Promise.resolve()
  let began = Number.NEGATIVE_INFINITY
  let next: Promise<void> | undefined

  async function runAfter(one: Promise<void>) {
    await one.catch(() => {}) // told to whoever called for it
    const wait = began + milliseconds - performance.now()
    if (wait > 0) await pause(wait, undefined, { ref: false })
    began = performance.now()
    next = undefined
    await work()
  }

  return () => {
    next ??= latest = runAfter(latest)
    return next
  }
}
