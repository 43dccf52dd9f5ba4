// What the fuzzer has found, in words: enough to see it again by hand, and to run the same again.
import type { Kind, Recipe } from './recipe.ts'
import { curlLine, type Sent } from './sent.ts'

export interface Finding {
  /** Which request of the run it was, from 0. */
  readonly index: number
  readonly recipe: Recipe
  readonly sent: Sent
  readonly complaint: string
}

interface Run {
  readonly url: string
  readonly seed: number
  readonly tokens: ReadonlySet<string>
}

export function describeFinding(
  { index, recipe, sent, complaint }: Finding,
  { url, seed, tokens }: Run,
): string {
  const { kind, who, call } = recipe
  return [
    `${call.endpoint.schema.operationId}: ${complaint}`,
    `  seed ${seed}, request ${index}, ${inWords(kind)} by ${who}${who === 'nobody' || who === 'a stranger' ? '' : ' (their token is $TOKEN)'}`,
    `  ${curlLine(url, sent, tokens)}`,
  ].join('\n')
}

const inWords = (kind: Kind) =>
  ({ valid: 'valid', spoiled: 'valid but for one thing', hostile: 'hostile' })[kind]

/** Findings that are one and the same: numbers and texts of their own apart. What never got to an endpoint is everybody's. */
export function sortOf({ call, twists }: Recipe, complaint: string): string {
  const where = twists.some((twist) => twist.astray) ? 'anywhere' : call.endpoint.schema.operationId
  const words = complaint.replace(/["'`{[][^]*/, '')
  return `${where} ${words.replace(/\d+/g, (digits) => (digits.length === 3 ? digits : ''))}`
}
