import { expect, test } from 'vitest'
import { hashSecret, newSecret, secretPrefixes } from '../../server/credentials/secrets.ts'

test('a secret says what it is for by its beginning, and is 256 random bits beside', () => {
  expect(secretPrefixes).toEqual({
    accessToken: 'fda_',
    session: 'fdb_',
    client: 'fdc_',
    mailedLink: 'fdm_',
    refreshToken: 'fdr_',
    setUp: 'fds_',
    token: 'fdt_',
  })
  expect(newSecret('token')).toMatch(/^fdt_[\w-]{43}$/)
  expect(newSecret('token')).not.toBe(newSecret('token'))
})

test('of a secret its SHA-256 is kept, by which secrets of earlier versions are still found', () => {
  // FIPS 180-2, B.1
  const ofAbc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  expect(hashSecret('abc').toString('hex')).toBe(ofAbc)
})
