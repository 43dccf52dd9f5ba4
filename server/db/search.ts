import { type RawBuilder, sql } from 'kysely'

/**
 * True where `text` (lower case, a blank in front of every word, with a trigram index) holds what is sought. Both are put into
 * lower case by PostgreSQL: elsewhere İ or Σ would become other letters.
 */
export function matches(text: RawBuilder<unknown>, pattern: RawBuilder<unknown>): RawBuilder<unknown> {
  // Behind a select, so that PostgreSQL plans for any pattern: what it guesses of a given one is wrong too often.
  return sql`${text} like (select lower(${pattern}))`
}

/**
 * The LIKE pattern for what a person typed, to be given to `matches`: its words in their order, each anywhere. A word of one or
 * two letters matches how a word begins, since fewer than three letters have a trigram only there.
 */
export function searchPattern(typed: string): string {
  const words = typed.trim().split(/\s+/)
  const literals = words.map((word) => ([...word].length < 3 ? ' ' : '') + word.replace(/[\\%_]/g, '\\$&'))
  return `%${literals.join('%')}%`
}
