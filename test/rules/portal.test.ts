import { describe, expect, test } from 'vitest'
import { type LinkableRecord, linkingOf } from '../../server/customers/portal-rules.ts'
import { isForColleague, mayMakeUsers, tidyName } from '../../server/portal/sign-up-rules.ts'

const provisional = { id: 1, own: true, state: 'LIVE', email: null } as const
const complete = { ...provisional, email: 'ed@winterfell.example' }
const archived = { ...provisional, state: 'ARCHIVED' } as const
const archivedComplete = { ...complete, state: 'ARCHIVED' } as const
const known = { id: 2, own: false, state: 'LIVE', email: 'ed@winterfell.example' } as const
const nothing = { do: 'nothing' }

test.each<[string, LinkableRecord[], object]>([
  ['nobody is known', [], nothing],
  ['of theirs there is one without an address', [provisional], { do: 'give_address', id: 1 }],
  ['of theirs there is one with an address', [complete], nothing],
  ['theirs is archived', [archived], nothing],
  ['theirs is archived, with an address', [archivedComplete], nothing],
  ['the shop knows them', [known], { do: 'link', id: 2, instead: undefined }],
  ['the shop knows them, and theirs has no address', [provisional, known], { do: 'link', id: 2, instead: 1 }],
  ['the same in the other order', [known, provisional], { do: 'link', id: 2, instead: 1 }],
  ['the shop knows them, and theirs is archived', [archived, known], { do: 'link', id: 2, instead: 1 }],
  ['the same, with an address', [archivedComplete, known], { do: 'link', id: 2, instead: 1 }],
  ['the shop knows them twice', [complete, known], nothing],
])('when an address is proved and %s', (_, records, linking) => {
  expect(linkingOf(records)).toEqual(linking)
})

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
