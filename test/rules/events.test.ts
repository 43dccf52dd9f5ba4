import { describe, expect, test } from 'vitest'
import type { ChangePolicies, ChangePolicy } from '../../server/change.ts'
import { eventFor, fieldsOf, isOfType } from '../../server/feed/feed-rules.ts'
import { actorWho, changeOf } from '../support/change.ts'

const open: ChangePolicy = {
  scope: 'tickets:read',
  fields: ['archived_at'],
  maySee: () => true,
  href: () => '/api/v1/requests/7',
  isGone: () => false,
}
const policies: ChangePolicies = {
  ticket: open,
  closed: { ...open, fields: ['archived_at', 'role'], maySee: () => false },
  own: { fields: [], maySee: () => true, href: () => null, isGone: () => true },
}

test('the fields that any policy asks for are asked for once', () => {
  expect(fieldsOf(policies)).toEqual(['archived_at', 'role'])
})

describe('a change', () => {
  test('is told with where to read more, and not with what it was', () => {
    expect(eventFor(policies, actorWho('operator'), changeOf({ before: { a: 1 } }))).toEqual({
      id: 42,
      type: 'ticket.assigned',
      at: '2026-11-21T09:30:00.000000Z',
      record_type: 'ticket',
      record_id: 7,
      href: '/api/v1/requests/7',
      version: 2,
      tombstone: false,
      actor_id: 3,
      request_id: 'a-request',
    })
    expect(eventFor(policies, actorWho('admin'), changeOf({ record_type: 'own' }))).toMatchObject({
      href: null,
      tombstone: true,
    })
  })

  test('is told to customers without who of the staff did it', () => {
    const actors = (['customer', 'operator', 'admin'] as const).map(
      (role) => eventFor(policies, actorWho(role), changeOf())?.actor_id,
    )
    expect(actors).toEqual([null, 3, 3])
  })

  test.each([
    ['by a type without a policy', { record_type: 'unheard' }, null],
    ['where the policy says no', { record_type: 'closed' }, null],
    ['to a client without the scope', {}, ['customers:read']],
    ['to a client, where no scope opens it', { record_type: 'own' }, ['tickets:read']],
  ] as const)('is not told %s', (_, facts, scopes) => {
    expect(eventFor(policies, actorWho('admin', { scopes }), changeOf(facts))).toBeUndefined()
  })

  test('is told to a client with the scope', () => {
    expect(eventFor(policies, actorWho('admin', { scopes: ['tickets:read'] }), changeOf())?.id).toBe(42)
  })

  test.each([
    [undefined, true],
    ['ticket.assigned', true],
    ['ticket', true],
    ['ticket.closed', false],
    ['customer', false],
    ['', false],
  ])('is of the type that is wanted: %j, %s', (wanted, expected) => {
    expect(isOfType(changeOf(), wanted)).toBe(expected)
  })
})
