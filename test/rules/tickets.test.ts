import { describe, expect, test } from 'vitest'
import { type Role, ticketStatuses } from '../../contract/index.ts'
import { postPolicy } from '../../server/tickets/post-policy.ts'
import { isStaff, maySpeak, seenBy, ticketPolicy } from '../../server/tickets/ticket-policy.ts'
import {
  actionTo,
  stateOf,
  subjectOf,
  type TicketAction,
  ticketMay,
  type TicketState,
  ticketStatesFor,
  tidyTags,
} from '../../server/tickets/ticket-rules.ts'

const archived_at = '2026-11-21T09:30:00Z'

test.each<[TicketAction, readonly TicketState[]]>([
  ['assign', ['PENDING', 'IN_PROGRESS']],
  ['edit', ['PENDING', 'IN_PROGRESS']],
  ['complete', ['IN_PROGRESS']],
  ['reject', ['PENDING', 'IN_PROGRESS']],
  ['archive', ['COMPLETED', 'REJECTED']],
  ['label', ['PENDING', 'IN_PROGRESS', 'COMPLETED', 'REJECTED']],
  ['say', ['PENDING', 'IN_PROGRESS', 'COMPLETED', 'REJECTED']],
  ['answer', ['PENDING', 'IN_PROGRESS']],
  ['reopen', ['COMPLETED']],
])('%s: of tickets that are %j, and no others', (action, states) => {
  expect(ticketStatesFor(action)).toEqual(states)
  for (const status of ticketStatuses) {
    expect(ticketMay(action, { status, archived_at: null }), status).toBe(states.includes(status))
    expect(ticketMay(action, { status, archived_at }), `archived ${status}`).toBe(false)
  }
})

test.each<[Role, number | null, boolean]>([
  ['customer', 1, true],
  ['customer', null, false],
  ['operator', null, true],
  ['admin', null, true],
])('who calls as %s and is user %j may speak: %j', (role, user_id, may) => {
  expect(maySpeak({ role, user_id })).toBe(may)
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
    [{ subject: 'Winter \r\n is\tcoming', body: 'soon' }, 'Winter is coming'],
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

test('tags are in small letters, each once, in the order they came', () => {
  expect(tidyTags([' Wall', 'snow', 'WALL ', 'Snow White'])).toEqual(['wall', 'snow', 'snow white'])
  expect(tidyTags([])).toEqual([])
})

describe('who may know of which tickets', () => {
  const actor = (role: Role, user_id: number | null = 7) => ({
    role,
    user_id,
    credential: null,
    scopes: null,
    request_id: 'r',
  })
  test.each([
    ['own', 'customer', 7, 7],
    ['own', 'operator', 7, null],
    ['own', 'admin', null, null],
    ['all', 'customer', 7, null],
    // Nobody with an account: nothing is theirs.
    ['own', 'customer', null, 0],
  ] as const)('%s, %s %j: those of %j', (ticketVisibility, role, user_id, seen) => {
    expect(seenBy({ config: { ticketVisibility } }, actor(role, user_id))).toBe(seen)
  })

  test.each([
    ['ticket', ticketPolicy, '/api/v1/requests/5', 'archived_at'],
    ['post', postPolicy, '/api/v1/posts/5', 'deleted_at'],
  ] as const)('of a %s only the staff hears', (record_type, policy, href, gone) => {
    const change = { ...event, record_type }
    expect(
      (['customer', 'operator', 'admin'] as const).map((role) => policy.maySee(actor(role), change)),
    ).toEqual([false, true, true])
    expect(isStaff(actor('customer'))).toBe(false)
    expect([policy.scope, policy.fields, policy.href(actor('operator'), change)]).toEqual([
      'tickets:read',
      [gone],
      href,
    ])
    expect(policy.isGone({ ...change, after: null })).toBe(true)
    expect(policy.isGone({ ...change, after: { [gone]: null } })).toBe(false)
    expect(policy.isGone({ ...change, after: { [gone]: '2026-11-21T09:30:00Z' } })).toBe(true)
  })
})

const event = {
  id: 1,
  type: 'ticket.replied',
  at: '2026-11-21T09:30:00Z',
  record_id: 5,
  version: 2,
  actor_id: 7,
  request_id: 'r',
  before: null,
  after: null,
}
