// What the protocol's own machinery keeps and hands out: sealed, or signed.
import { describe, expect, test } from 'vitest'
import { cookieSigningOf } from '../../server/oauth/cookie-signing.ts'
import { sealingOf } from '../../server/oauth/sealing.ts'

const secret = 'one secret of this desk, long enough'

describe('what is sealed', () => {
  const sealing = sealingOf(secret)
  const value = { name: 'Ed “Ned” Stark', uses: [1, null] }
  const earlier =
    'aGX+wyDwlToA3gcyTEkw8KWEXmX88E9RoGSRZWPRmfyv71tqQedeHbC035/PNxWRWFYHvuQEqN8rxxxLHj0gI607V7k4EL02cQ=='

  test('is read again, also what an earlier version sealed, and says nothing meanwhile', () => {
    const sealed = sealing.seal(value)
    expect(sealing.open(sealed)).toEqual(value)
    expect(sealed.toString('latin1')).not.toContain('Stark')
    expect(sealing.seal(value)).not.toEqual(sealed)
    expect(sealing.open(Buffer.from(earlier, 'base64'))).toEqual(value)
  })

  test('opens with its own secret alone, whole and unchanged', () => {
    const sealed = sealing.seal(value)
    expect(sealingOf(`${secret}!`).open(sealed)).toBeUndefined()
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(sealing.open(changed), `byte ${at}`).toBeUndefined()
    }
    for (const length of [0, 11, 12, 20, 28, sealed.length - 1])
      expect(sealing.open(sealed.subarray(0, length)), `${length} bytes`).toBeUndefined()
  })
})

test('a cookie’s signature is of one text, by the desk’s own key, which is its first', () => {
  const { sign, verify, index } = cookieSigningOf(secret)
  const signature = sign('_session=abc')
  expect(signature).toBe('iI6xPk-g2aDPRvjXzYnS2rVVNZs8tDVMx_357DmuTbI')
  expect([verify('_session=abc', signature), index('_session=abc', signature)]).toEqual([true, 0])
  expect([verify('_session=abd', signature), index('_session=abd', signature)]).toEqual([false, -1])
  const other = cookieSigningOf(`${secret}!`).sign('_session=abc')
  expect([verify('_session=abc', other), index('_session=abc', other)]).toEqual([false, -1])
})
