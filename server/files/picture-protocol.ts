// What pictures.ts and its process say to each other, and the limits that both know.

export const pixelsAtMost = 25_000_000

/** Bytes that the process may hold at any moment, its own program included. The worst of 25 megapixels was seen to need 266 MiB. */
export const memoryAtMost = 300 * 1024 * 1024

export interface Question {
  readonly bytes: Buffer
  /** Milliseconds of CPU time that the process may spend on it. */
  readonly effort: number
  /** In pixels, for each picture that is wanted: neither wider nor higher. The largest first. */
  readonly sides: readonly number[]
}

interface Encoded {
  /** One for each side. */
  readonly pictures: readonly Buffer[]
}

export interface Refusal {
  readonly refusal: string
  /** The process ends itself behind this, since the decoder cannot be stopped otherwise. */
  readonly last?: true
}

export type Answer = Encoded | Refusal
