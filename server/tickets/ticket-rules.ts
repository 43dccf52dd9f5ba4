// How a ticket's status moves. The tables are the rule: SQL and services ask them.
import type { TicketStatus } from '../../contract/index.ts'

const next: Record<TicketStatus, readonly TicketStatus[]> = {
  PENDING: ['IN_PROGRESS', 'REJECTED'],
  // An IN_PROGRESS ticket may change hands.
  IN_PROGRESS: ['IN_PROGRESS', 'COMPLETED', 'REJECTED'],
  COMPLETED: [],
  REJECTED: [],
}

export const assignable = statusesBefore('IN_PROGRESS')
export const editable: readonly TicketStatus[] = ['PENDING', 'IN_PROGRESS']
export const archivable: readonly TicketStatus[] = ['COMPLETED', 'REJECTED']

/** From where a ticket may move to this status. */
export function statusesBefore(status: TicketStatus): TicketStatus[] {
  return (Object.keys(next) as TicketStatus[]).filter((from) => next[from].includes(status))
}

const longestDerivedSubject = 100

/** The subject that was given, or the beginning of the body's first line. */
export function subjectOf(ask: { readonly subject?: string; readonly body: string }): string {
  const given = ask.subject?.trim()
  if (given) return given
  const line = ask.body.trim().split('\n', 1)[0]?.trim() ?? ''
  const characters = [...line]
  return characters.length <= longestDerivedSubject
    ? line
    : `${characters.slice(0, longestDerivedSubject - 1).join('')}…`
}
