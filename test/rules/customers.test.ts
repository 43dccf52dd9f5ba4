import { describe, expect, test } from 'vitest'
import {
  type CustomerAction,
  customerArchived,
  customerMay,
  customerStatesFor,
  tidy,
} from '../../server/customers/customer-rules.ts'
import { AppError, type InvalidPart } from '../../server/errors.ts'

const live = { archived_at: null }
const archived = { archived_at: '2026-11-21T09:30:00Z' }

test.each<[CustomerAction, boolean, boolean]>([
  // action, of a live one, of an archived one
  ['update', true, false],
  ['log_request', true, false],
  ['set_photo', true, false],
  ['remove_photo', true, false],
  ['archive', true, false],
  ['restore', false, true],
])('%s: of a live customer %s, of an archived one %s', (action, ofLive, ofArchived) => {
  expect([customerMay(action, live), customerMay(action, archived)]).toEqual([ofLive, ofArchived])
  expect(customerStatesFor(action)).toEqual([ofLive ? 'LIVE' : 'ARCHIVED'])
})

test('who is told that a customer is archived is told when, and how to bring them back', () => {
  expect(customerArchived({ id: 7, ...archived })).toMatchObject({
    status: 409,
    code: 'customer_archived',
    message:
      'Customer 7 was archived on 2026-11-21T09:30:00Z; restore it first (POST /api/v1/customers/7/restore).',
  })
})

describe('the fields of a customer', () => {
  test('are kept without white space around them, and otherwise as they are', () => {
    expect(tidy({ first_name: ' Ed ', company: null, email: '\ted@winterfell.example\n', age: 35 })).toEqual({
      first_name: 'Ed',
      company: null,
      email: 'ed@winterfell.example',
      age: 35,
    })
    expect(tidy({ phone: null })).toEqual({ phone: null })
  })

  test.each([
    ['+442083661171', '+442083661171'],
    ['+44 20 8366 1171', '+442083661171'],
    [' +44 (0)20 8366-1171 ', '+442083661171'],
    ['+1 213 373 4253', '+12133734253'],
  ])('%j is kept as %s', (typed, phone) => expect(tidy({ phone: typed })).toEqual({ phone }))

  test.each([
    '020 8366 1171',
    '+44',
    '+4420836611711234',
    '+44 20 8366 1171 ext. 5',
    'call +442083661171',
    '+442083661171, +12133734253',
    'Ed',
    '',
  ])('%j is no phone number', (phone) => expect(() => tidy({ phone })).toThrow('must be a phone number'))

  test.each<[InvalidPart['in'] | undefined, InvalidPart['in']]>([
    [undefined, 'body'],
    ['query', 'query'],
  ])('what is no phone number is named where it stood (%s)', (given, part) => {
    let thrown: unknown
    try {
      tidy({ phone: 'Ed' }, given)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(AppError)
    expect(thrown).toMatchObject({
      status: 422,
      errors: [
        {
          in: part,
          pointer: '/phone',
          detail: 'must be a phone number with its country code, such as +442083661171',
        },
      ],
    })
  })
})
