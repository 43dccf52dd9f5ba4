// What is left of a limit, for callers to know.
export interface Allowance {
  readonly policy: string
  readonly quota: number
  /** How long a window of the limit is. */
  readonly seconds: number
  readonly remaining: number
  readonly secondsLeft: number
}
