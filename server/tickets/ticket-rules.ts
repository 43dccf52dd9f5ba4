// What may happen to a ticket in which state. The table is the rule: statements, services and links ask it.
import type { Outcome, TicketStatus } from '../../contract/index.ts'

/** An archived ticket is in a state of its own, whatever its status. */
export type TicketState = TicketStatus | 'ARCHIVED'

const states = {
  // An IN_PROGRESS ticket may change hands.
  assign: ['PENDING', 'IN_PROGRESS'],
  edit: ['PENDING', 'IN_PROGRESS'],
  complete: ['IN_PROGRESS'],
  reject: ['PENDING', 'IN_PROGRESS'],
  archive: ['COMPLETED', 'REJECTED'],
  label: ['PENDING', 'IN_PROGRESS', 'COMPLETED', 'REJECTED'],
  // Of the staff, in public or not, and editing and deleting what one has said.
  say: ['PENDING', 'IN_PROGRESS', 'COMPLETED', 'REJECTED'],
  // Of its customer.
  answer: ['PENDING', 'IN_PROGRESS'],
  reopen: ['COMPLETED'],
} as const satisfies Record<string, readonly TicketState[]>

export type TicketAction = keyof typeof states

/** The states from which it may happen. */
export function ticketStatesFor(action: TicketAction): readonly TicketState[] {
  return states[action]
}

interface Ticket {
  readonly status: TicketStatus
  readonly archived_at: string | null
}

export function stateOf({ status, archived_at }: Ticket): TicketState {
  return archived_at === null ? status : 'ARCHIVED'
}

export function ticketMay(action: TicketAction, ticket: Ticket): boolean {
  return ticketStatesFor(action).includes(stateOf(ticket))
}

export const actionTo: Readonly<Record<Outcome, TicketAction>> = { COMPLETED: 'complete', REJECTED: 'reject' }

/** How long after its end a customer's answer brings a ticket back. Later it opens another one. */
export const reopenDays = 14

/** In small letters, each once. */
export function tidyTags(tags: readonly string[]): string[] {
  return [...new Set(tags.map((tag) => tag.trim().toLowerCase()))]
}

/** On one line. */
export const tidySubject = (subject: string): string => subject.trim().replace(/\s+/g, ' ')

const longestDerivedSubject = 100

/** The subject that was given, or the beginning of the body's first line. */
export function subjectOf(ask: { readonly subject?: string; readonly body: string }): string {
  const given = tidySubject(ask.subject ?? '')
  if (given) return given
  const line = ask.body
    .trim()
    .replace(/\n[^]*/, '')
    .trim()
  const characters = [...line]
  return characters.length <= longestDerivedSubject
    ? line
    : `${characters.slice(0, longestDerivedSubject - 1).join('')}…`
}
