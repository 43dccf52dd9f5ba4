// Keys made of the product's secret, and what is signed with one.
import { expect, test } from 'vitest'
import { derivedKey, signatureLength, signer } from '../../server/credentials/derived-key.ts'

const secret = 'one secret of this desk, long enough'

test('each purpose and each secret has a key of its own, the same every time', () => {
  const key = derivedKey(secret, 'cursors')
  expect(key).toHaveLength(32)
  expect(derivedKey(secret, 'cursors')).toEqual(key)
  expect(derivedKey(secret, 'known devices')).not.toEqual(key)
  expect(derivedKey(`${secret}!`, 'cursors')).not.toEqual(key)
})

test('a signature is of one key and one text, whole', () => {
  const { sign, isSigned } = signer(derivedKey(secret, 'cursors'))
  const signature = sign('what is carried')
  expect(signature).toMatch(/^[\w-]+$/)
  expect(signature).toHaveLength(signatureLength)
  expect(isSigned('what is carried', signature)).toBe(true)
  expect(isSigned('What is carried', signature)).toBe(false)
  for (const other of ['', signature.slice(1), `${signature}A`, sign('')])
    expect(isSigned('what is carried', other), other).toBe(false)
  expect(signer(derivedKey(secret, 'known devices')).isSigned('what is carried', signature)).toBe(false)
})
