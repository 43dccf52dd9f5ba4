// What a hostile caller makes of a request: one thing about it turned. The sorts of twists stand in hostile-*.ts.
import fc, { type Arbitrary } from 'fast-check'
import type { Records } from './records.ts'
import type { Sent } from './sent.ts'

export interface Twist {
  /** Whether the request may lead elsewhere than to the endpoint that it was made for. */
  readonly astray?: boolean
  apply(sent: Sent, records: Records): Sent
}

/** One of these, each as it stands. */
export function oneOfTwists<T>(
  values: readonly T[],
  turn: (value: T, sent: Sent) => Sent,
  astray = false,
): Arbitrary<Twist> {
  return fc.constantFrom(...values).map((value) => ({ astray, apply: (sent) => turn(value, sent) }))
}
