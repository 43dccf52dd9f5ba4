import { describe, expect, test } from 'vitest'
import { isForColleague, mayMakeUsers, tidyName } from '../../server/sign-up/sign-up-rules.ts'

test.each([
  [true, true],
  ['True', true],
  [false, false],
  ['False', false],
  [undefined, false],
] as const)('is_customer_service %s says %s', (said, answer) => {
  expect(isForColleague(said === undefined ? {} : { is_customer_service: said })).toBe(answer)
})

describe('who may make colleagues', () => {
  const person = { user_id: 1, credential: null, scopes: null, request_id: 'x' }
  test.each([
    ['nobody', undefined, false],
    ['a customer', { ...person, role: 'customer' }, false],
    ['an operator', { ...person, role: 'operator' }, false],
    ['an admin', { ...person, role: 'admin' }, true],
    ['an admin without an account', { ...person, user_id: null, role: 'admin' }, true],
    ['a client for an admin', { ...person, role: 'admin', scopes: ['users:write'] }, true],
    ['a client for an admin, without the scope', { ...person, role: 'admin', scopes: ['users:read'] }, false],
    ['a client for an operator', { ...person, role: 'operator', scopes: ['users:write'] }, false],
  ] as const)('%s', (_, actor, may) => {
    expect(mayMakeUsers(actor)).toBe(may)
  })
})

test.each([
  [undefined, ''],
  ['', ''],
  ['Lyly', 'Lyly'],
  [' Ly  ly\n', 'Ly  ly'],
  ['\u0085 \u0085Lyly\u0085 \t', 'Lyly'],
  [' \u0085 ', ''],
])('the name %j is kept as %j', (given, kept) => {
  expect(tidyName(given)).toBe(kept)
})
