// What is sought where, and how a passage is told. No words are cut here: that is PostgreSQL's, as it cut what it finds.
import type { SearchResult, SearchType } from '../../contract/index.ts'

/**
 * Characters of a passage that PostgreSQL makes, by their numbers; it takes them out of the text first, so that no text can
 * pretend. `bracket` stands for an angle bracket, which it would take for markup and leave out; `cut` is where a long run was cut.
 */
export const marks = { bracket: 1, start: 2, stop: 3, cut: 4 } as const

/** A passage in pieces, which begin and end at its marks. */
export function partsOf(passage: string): SearchResult['highlight'] {
  return passage
    .replaceAll(String.fromCharCode(marks.cut), '')
    .replaceAll(String.fromCharCode(marks.bracket), '<')
    .split(anyMark)
    .map((text, index) => ({ text, match: index % 2 === 1 }))
    .filter(({ text }) => text !== '')
}

const anyMark = new RegExp(`[${String.fromCharCode(marks.start, marks.stop)}]`)

/** A phone number may be typed with blanks and the like; it is kept as one number. Without its plus it could be anything. */
export function soughtOf(typed: string): string {
  const isPhone = /^\s*\+\d[\d\s()./-]*$/.test(typed)
  return isPhone ? `+${typed.replace(/\D/g, '')}` : typed
}

/** The ticket that may be meant: people type its number as they read it in a mail. */
export function ticketNumbered(typed: string): number | null {
  const [, digits] = /^\s*#?\s*(\d{1,15})\s*$/.exec(typed) ?? []
  return digits === undefined ? null : Number(digits)
}

interface May {
  readonly type: SearchType | undefined
  readonly customers: boolean
}

/** Of what is asked for what may be found. */
export function sourcesFor({ type, customers }: May): readonly SearchType[] {
  const all: readonly SearchType[] = customers ? ['ticket', 'post', 'customer'] : ['ticket', 'post']
  return type === undefined ? all : all.filter((source) => source === type)
}
