// Remembers for a short while whose token is whose, which spares a third of a request. Every instance forgets a user within
// moments of a change that the database announces (trigger announce_access_change); without that line open it remembers nothing.
import type { Holder } from './holder.ts'

const rememberedFor = 30_000
const rememberedAtMost = 20_000

interface Entry {
  readonly holder: Holder
  readonly until: number
}

export class TokenCache {
  readonly #entries = new Map<string, Entry>()
  readonly #clock: () => number
  /** Rises whenever something is forgotten: what was looked up before that may be out of date already. */
  #changes = 0
  #listening = false

  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Answers whose token it is, asking `look` when it is not remembered. Times in milliseconds. */
  async holder(key: string, look: () => Promise<Holder | undefined>): Promise<Holder | undefined> {
    const known = this.#entries.get(key)
    if (known && known.until > this.#clock()) return known.holder
    const changes = this.#changes
    const holder = await look()
    if (holder && this.#listening && changes === this.#changes) {
      if (this.#entries.size >= rememberedAtMost) this.#entries.clear()
      this.#entries.set(key, {
        holder,
        until: this.#clock() + Math.min(rememberedFor, holder.seconds_left * 1000),
      })
    }
    return holder
  }

  forgetUser(userId: number) {
    this.#changes += 1
    for (const [key, { holder }] of this.#entries) if (holder.user_id === userId) this.#entries.delete(key)
  }

  /** Told by the listener: only while announcements arrive may anything be remembered. */
  setListening(listening: boolean) {
    this.#changes += 1
    this.#listening = listening
    this.#entries.clear()
  }
}
