// Counts calls in windows of time, in this process's memory.

interface Window {
  calls: number
  /** Milliseconds since 1970. */
  endsAt: number
}

/** About a megabyte. Beyond it the oldest window is forgotten: a count too low harms less than memory without end. */
const windowsAtMost = 10_000

/** A key's window begins with its first call. `count` adds to it what the call counts as; clock and length are in milliseconds. */
export function rateWindows(clock: () => number, length: number, atMost = windowsAtMost) {
  // All are equally long and a new one is put last, so the first is always the oldest.
  const windows = new Map<number | string, Window>()

  return function count(key: number | string, units = 1): Readonly<Window> {
    const now = clock()
    const known = windows.get(key)
    // One that ends too late is of a clock that was set back since.
    if (known && known.endsAt > now && known.endsAt <= now + length) {
      known.calls += units
      return known
    }
    windows.delete(key)
    if (windows.size >= atMost) forgetOldest()
    const begun = { calls: units, endsAt: now + length }
    windows.set(key, begun)
    return begun
  }

  function forgetOldest() {
    const { value } = windows.keys().next()
    if (value !== undefined) windows.delete(value)
  }
}
