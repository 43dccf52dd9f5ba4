import type { InvalidPart } from '../errors.ts'

const maxDepth = 32

/** Finds the strings that PostgreSQL cannot hold: with U+0000, or with half of a surrogate pair. */
export function unstorableText(part: InvalidPart['in'], value: unknown): InvalidPart[] {
  return find(part, value, '', 0)
}

function find(part: InvalidPart['in'], value: unknown, pointer: string, depth: number): InvalidPart[] {
  if (typeof value === 'string') {
    if (value.includes('\0')) return [{ in: part, pointer, detail: 'must not hold the character U+0000' }]
    return value.isWellFormed()
      ? []
      : [{ in: part, pointer, detail: 'must be whole Unicode text, without half a surrogate pair' }]
  }
  if (typeof value !== 'object' || value === null) return []
  if (depth === maxDepth) return [{ in: part, pointer, detail: `must not be nested deeper than ${maxDepth}` }]
  return Object.entries(value).flatMap(([key, child]) => [
    ...find(part, key, pointer, depth + 1),
    ...find(part, child, `${pointer}/${escapePointer(key)}`, depth + 1),
  ])
}

/** RFC 6901, section 3. */
export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
