// Who hears of which change, where they are sent to read more, and which changes take a record out of the lists.
import { describe, expect, test } from 'vitest'
import type { Role } from '../../contract/index.ts'
import type { ChangePolicy, Fields } from '../../server/change.ts'
import { credentialPolicy } from '../../server/auth/credential-policy.ts'
import { customerPolicy } from '../../server/customers/customer-policy.ts'
import { clientPolicy } from '../../server/oauth/client-policy.ts'
import { signingKeyPolicy } from '../../server/oauth/signing-key-policy.ts'
import { ticketPolicy } from '../../server/tickets/ticket-policy.ts'
import { userPolicy } from '../../server/users/user-policy.ts'
import { actorWho, changeOf } from '../support/change.ts'

const allRoles: readonly Role[] = ['customer', 'operator', 'admin']
const then = '2026-11-21T09:30:00Z'

test.each<[string, ChangePolicy, string | undefined, string, string, readonly Role[]]>([
  [
    'a customer',
    customerPolicy,
    'customers:read',
    'archived_at',
    '/api/v1/customers/7',
    ['operator', 'admin'],
  ],
  ['a ticket', ticketPolicy, 'tickets:read', 'archived_at', '/api/v1/requests/7', ['operator', 'admin']],
  ['a client', clientPolicy, undefined, 'deleted_at', '/api/v1/oauth/clients/7', ['admin']],
])(
  'who may read %s hears of it, and it is gone once it is archived, deleted or erased',
  (_, policy, scope, gone, href, told) => {
    expect(policy.scope).toBe(scope)
    expect(policy.fields).toEqual([gone])
    const live = changeOf({ after: { [gone]: null } })
    expect(allRoles.filter((role) => policy.maySee(actorWho(role), live))).toEqual(told)
    expect(policy.href(actorWho('admin'), live)).toBe(href)
    expect(policy.isGone(live)).toBe(false)
    expect(policy.isGone(changeOf({ after: { [gone]: then } }))).toBe(true)
    expect(policy.isGone(changeOf({ after: null }))).toBe(true)
  },
)

test('of the keys that sign, which change once in a while, admins hear', () => {
  const made = changeOf({ before: null, after: { kid: 'a' } })
  expect(allRoles.filter((role) => signingKeyPolicy.maySee(actorWho(role), made))).toEqual(['admin'])
  expect(signingKeyPolicy.href(actorWho('admin'), made)).toBeNull()
  expect(signingKeyPolicy.isGone(made)).toBe(false)
  expect(signingKeyPolicy.isGone(changeOf({ after: null }))).toBe(true)
  expect([signingKeyPolicy.fields, signingKeyPolicy.scope]).toEqual([['kid'], undefined])
})

test('a client that is deleted is read nowhere', () => {
  for (const after of [null, { deleted_at: then }])
    expect(clientPolicy.href(actorWho('admin'), changeOf({ after }))).toBeNull()
})

describe('a credential is its user’s own affair', () => {
  const change = (before: Fields | null, after: Fields | null) => changeOf({ before, after })
  const actor = (user_id: number | null) => actorWho('admin', { user_id })

  test('made, changed or gone', () => {
    for (const one of [
      change(null, { user_id: 7 }),
      change({ user_id: 7 }, null),
      change({ user_id: 7 }, { user_id: 7 }),
    ]) {
      expect(credentialPolicy.maySee(actor(7), one)).toBe(true)
      expect(credentialPolicy.maySee(actor(8), one)).toBe(false)
      expect(credentialPolicy.maySee(actor(null), one)).toBe(false)
    }
    expect(credentialPolicy.maySee(actor(null), change(null, { user_id: null }))).toBe(false)
    expect(credentialPolicy.maySee(actor(7), change(null, null))).toBe(false)
    expect(credentialPolicy.scope).toBeUndefined()
  })

  test('has no place of its own, and is gone when it is revoked', () => {
    expect(credentialPolicy.href(actor(7), change(null, { user_id: 7 }))).toBeNull()
    expect(credentialPolicy.isGone(change({}, null))).toBe(true)
    expect(credentialPolicy.isGone(change({}, { revoked_at: null }))).toBe(false)
    expect(credentialPolicy.isGone(change({}, { revoked_at: then }))).toBe(true)
    expect(credentialPolicy.fields).toEqual(['user_id', 'revoked_at'])
  })
})

describe('of a user', () => {
  const customer = { role: 'customer', disabled_at: null, is_service: false }
  const operator = { ...customer, role: 'operator' }
  const admin = { ...customer, role: 'admin' }
  const service = { ...operator, is_service: true }
  const users = '/api/v1/users/7'
  const operators = '/api/v1/operators/7'

  test.each<[string, Fields | null, Fields | null, boolean, string | null, string | null]>([
    // what changed; before, after; does an operator hear of it; where an operator and an admin read it
    ['is made a customer', null, customer, false, null, users],
    ['is made an operator', null, operator, true, operators, operators],
    ['is made an admin', null, admin, true, operators, operators],
    ['becomes an operator', customer, operator, true, operators, operators],
    ['is an operator no more', operator, customer, true, null, users],
    ['is an admin no more', admin, customer, true, null, users],
    ['stays a customer', customer, customer, false, null, users],
    ['is erased as an operator', operator, null, true, null, users],
    ['is erased as a customer', customer, null, false, null, users],
    ['is a client’s, and no colleague', service, service, false, null, null],
  ])('who %s, colleagues hear if it is one of them', (_, before, after, heard, forOperator, forAdmin) => {
    const change = changeOf({ record_id: 7, before, after })
    expect(allRoles.filter((role) => userPolicy.maySee(actorWho(role), change))).toEqual(
      heard ? ['operator', 'admin'] : ['admin'],
    )
    expect(userPolicy.href(actorWho('operator'), change)).toBe(forOperator)
    expect(userPolicy.href(actorWho('admin'), change)).toBe(forAdmin)
    expect(userPolicy.href(actorWho('customer'), change)).toBeNull()
  })

  test('who oneself is, one hears', () => {
    const change = changeOf({ record_id: 7, before: customer, after: customer })
    for (const role of allRoles) {
      expect(userPolicy.maySee(actorWho(role, { user_id: 7 }), change)).toBe(true)
      expect(userPolicy.href(actorWho(role, { user_id: 7 }), change)).toBe('/api/v1/me')
    }
    const asColleague = changeOf({ record_id: 7, before: operator, after: operator })
    expect(userPolicy.href(actorWho('customer', { user_id: 7 }), asColleague)).toBe('/api/v1/me')
    expect(userPolicy.href(actorWho('operator', { user_id: 7 }), asColleague)).toBe(operators)
  })

  test.each<[string, Fields | null, Fields | null, boolean]>([
    ['new', null, customer, false],
    ['a customer still', customer, customer, false],
    ['an operator still', operator, admin, false],
    ['an operator now', customer, operator, false],
    ['an operator no more', operator, customer, true],
    ['disabled', operator, { ...operator, disabled_at: then }, true],
    ['a customer and disabled', customer, { ...customer, disabled_at: then }, true],
    ['erased', customer, null, true],
  ])('who is %s, that they are out of the lists: %s', (_, before, after, gone) => {
    expect(userPolicy.isGone(changeOf({ before, after }))).toBe(gone)
  })

  test('a client with the scope for users hears, by role, state, and whose program it is', () => {
    expect(userPolicy.scope).toBe('users:read')
    expect(userPolicy.fields).toEqual(['role', 'disabled_at', 'is_service'])
  })
})
