// What people have written, made fit for a mail: it cannot begin a header, nor pass for words of ours. Pure.

/** Ends of lines as anybody may write them, and whatever else has no picture. */
const notInLine = /[\p{Cc}\p{Zl}\p{Zp}]+/gu
/** They turn around what is written behind them. */
const turningRound = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const endOfLine = /\r\n|[\r\n\u0085\p{Zl}\p{Zp}]/gu

/** A name or a subject, as one line. */
export const oneLine = (text: string): string => text.replace(turningRound, '').replace(notInLine, ' ').trim()

/** The same for a header: an encoded word that somebody has typed stays what they have typed (RFC 2047). */
export const forHeader = (text: string): string => oneLine(text).replaceAll('=?', '= ?')

/** What somebody wrote, each line marked as theirs. */
export function quoted(text: string): string {
  const lines = text.replace(turningRound, '').trim().split(endOfLine)
  return lines.map((line) => `> ${line.replace(/[^\P{Cc}\t]/gu, '')}`.trimEnd()).join('\n')
}

/** The names that a ticket's mails bear: the same for one that is sent once more. */
export function mailNames(publicUrl: string, ticketId: number) {
  const host = new URL(publicUrl).hostname
  const named = (what: string) => `<ticket-${ticketId}${what}@${host}>`
  return {
    thread: named(''),
    post: (id: number) => named(`-post-${id}`),
    change: (version: number) => named(`-version-${version}`),
  }
}
