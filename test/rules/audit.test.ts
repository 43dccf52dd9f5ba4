import { describe, expect, test } from 'vitest'
import { changesOf, readRecord, utcOf } from '../../server/audit/audit-rules.ts'
import { credentialPolicy } from '../../server/auth/credential-policy.ts'
import type { Change } from '../../server/change.ts'

describe('a moment in UTC', () => {
  test.each([
    ['2026-11-21T09:30:00Z', '2026-11-21T09:30:00.000000Z'],
    ['2026-11-21t09:30:00z', '2026-11-21T09:30:00.000000Z'],
    ['2026-11-21 09:30:00.1+01:00', '2026-11-21T08:30:00.100000Z'],
    ['2026-11-21T09:30:00.1234567-0230', '2026-11-21T12:00:00.123456Z'],
    ['0000-06-01T00:00:00Z', '-infinity'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000000Z'],
    ['9999-12-31T23:59:59-01:00', 'infinity'],
  ])('%s is %s', (given, utc) => expect(utcOf(given)).toBe(utc))

  test.each([
    '',
    'x2026-11-21T09:30:00Z',
    '2026-11-21T09:30:00Zx',
    '2026-11-21T09:30:00',
    '2026-13-01T00:00:00Z',
  ])('%j is none', (given) => expect(utcOf(given)).toBeUndefined())
})

test('a record is named by its type and its number', () => {
  expect(readRecord('customer:12')).toEqual({ record_type: 'customer', record_id: 12 })
})

describe('what became of a record', () => {
  const words = { fields: ['id', 'version', 'body', 'archived_at', 'status'], columns: { body: 'message' } }

  test('is each field that changed, by its name in the API, and not what changes always', () => {
    const before = { id: 1, version: 1, message: 'a', status: 'PENDING', archived_at: null }
    const after = {
      id: 1,
      version: 2,
      message: 'b',
      status: 'PENDING',
      archived_at: '2026-11-21T10:30:00+01:00',
    }
    expect(changesOf(before, after, words)).toEqual({
      body: { from: 'a', to: 'b' },
      archived_at: { from: null, to: '2026-11-21T09:30:00.000000Z' },
    })
  })

  test('is all that it has where it is new, or gone', () => {
    expect(changesOf(null, { message: 'a' }, words)).toEqual({ body: { from: null, to: 'a' } })
    expect(changesOf({ status: 'PENDING' }, null, { fields: ['status'] })).toEqual({
      status: { from: 'PENDING', to: null },
    })
  })
})

describe('a credential is its user’s own affair', () => {
  const change = (before: object | null, after: object | null) => ({ before, after }) as unknown as Change
  const actor = (user_id: number | null) =>
    ({ user_id, credential: null, role: 'admin', scopes: null, request_id: '' }) as const

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
    expect(credentialPolicy.scope).toBeUndefined()
  })

  test('has no place of its own, and is gone when it is revoked', () => {
    expect(credentialPolicy.href(actor(7), change(null, { user_id: 7 }))).toBeNull()
    expect(credentialPolicy.isGone(change({}, null))).toBe(true)
    expect(credentialPolicy.isGone(change({}, { revoked_at: null }))).toBe(false)
    expect(credentialPolicy.isGone(change({}, { revoked_at: '2026-11-21' }))).toBe(true)
    expect(credentialPolicy.fields).toEqual(['user_id', 'revoked_at'])
  })
})
