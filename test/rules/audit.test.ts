import { describe, expect, test } from 'vitest'
import { changesOf, readRecord, utcOf } from '../../server/audit/audit-rules.ts'

describe('a moment in UTC', () => {
  test.each([
    ['2026-11-21T09:30:00Z', '2026-11-21T09:30:00.000000Z'],
    ['2026-11-21t09:30:00z', '2026-11-21T09:30:00.000000Z'],
    ['2026-11-21 09:30:00.1+01:00', '2026-11-21T08:30:00.100000Z'],
    ['2026-11-21T09:30:00.1234567-0230', '2026-11-21T12:00:00.123456Z'],
    ['2026-11-21T09:30:00z', '2026-11-21T09:30:00.000000Z'],
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

  test('is not what every change changes', () => {
    const fields = ['id', 'created_at', 'updated_at', 'version']
    const after = { id: 1, created_at: 'then', updated_at: 'now', version: 2 }
    expect(changesOf(null, after, { fields })).toEqual({})
  })

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
