import { describe, expect, test } from 'vitest'
import { ticketStatuses } from '../../contract/index.ts'
import {
  actionTo,
  stateOf,
  subjectOf,
  type TicketAction,
  ticketMay,
  type TicketState,
  ticketStatesFor,
} from '../../server/tickets/ticket-rules.ts'

const archived_at = '2026-11-21T09:30:00Z'

test.each<[TicketAction, readonly TicketState[]]>([
  ['assign', ['PENDING', 'IN_PROGRESS']],
  ['edit', ['PENDING', 'IN_PROGRESS']],
  ['complete', ['IN_PROGRESS']],
  ['reject', ['PENDING', 'IN_PROGRESS']],
  ['archive', ['COMPLETED', 'REJECTED']],
])('%s: of tickets that are %j, and no others', (action, states) => {
  expect(ticketStatesFor(action)).toEqual(states)
  for (const status of ticketStatuses) {
    expect(ticketMay(action, { status, archived_at: null }), status).toBe(states.includes(status))
    expect(ticketMay(action, { status, archived_at }), `archived ${status}`).toBe(false)
  }
})

test('a ticket is in the state of its status until it is archived', () => {
  for (const status of ticketStatuses) {
    expect(stateOf({ status, archived_at: null })).toBe(status)
    expect(stateOf({ status, archived_at })).toBe('ARCHIVED')
  }
})

test('each way to close one is an action of its own', () => {
  expect(actionTo).toEqual({ COMPLETED: 'complete', REJECTED: 'reject' })
})

describe('the subject', () => {
  test.each([
    [{ subject: 'Winter', body: 'is coming' }, 'Winter'],
    [{ subject: ' Winter ', body: 'is coming' }, 'Winter'],
    [{ subject: '  ', body: 'Winter is coming' }, 'Winter is coming'],
    [{ body: 'Winter is coming' }, 'Winter is coming'],
    [{ body: '\n\n  Winter \r\nis coming' }, 'Winter'],
    [{ body: 'Winter\n\nis coming' }, 'Winter'],
    [{ body: '' }, ''],
    [{ body: 'x'.repeat(100) }, 'x'.repeat(100)],
    [{ body: 'x'.repeat(101) }, `${'x'.repeat(99)}…`],
    [{ body: '🐺'.repeat(100) }, '🐺'.repeat(100)],
    [{ body: '🐺'.repeat(101) }, `${'🐺'.repeat(99)}…`],
    [{ subject: 'x'.repeat(150), body: 'y' }, 'x'.repeat(150)],
  ])('of %j is %j', (ask, subject) => expect(subjectOf(ask)).toBe(subject))
})
