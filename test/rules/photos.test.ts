import { expect, test } from 'vitest'
import {
  keyOfPhotoFile,
  photoFile,
  photoSides,
  photoVersionIn,
  photoVersionLength,
} from '../../server/customers/photo-rules.ts'

const key = '0123456789abcdef0123456789abcdef'

test('a photo is kept in a file for each size', () => {
  expect(photoFile(key, 'large')).toBe(`${key}-large.webp`)
  expect(photoFile(key, 'small')).toBe(`${key}-small.webp`)
  expect(photoSides).toEqual({ large: 1024, small: 128 })
})

test.each([`${key}-large.webp`, `${key}-small.webp`, `${key}-small.webp.0123456789ab.tmp`])(
  '%s is a file of ours',
  (name) => expect(keyOfPhotoFile(name)).toBe(key),
)

test.each([
  '',
  key,
  `${key}.webp`,
  `${key}-medium.webp`,
  `${key}-large-webp`,
  `${key}-large.webp2`,
  `x${key}-large.webp`,
  `${key}0-large.webp`,
  `${key.slice(1)}-large.webp`,
  `${key.slice(1)}g-large.webp`,
  `${key}-large.webp.0123456789ab`,
  `${key}-large.webp.0123456789a.tmp`,
  `${key}-large.webp.0123456789ag.tmp`,
  `${key}-large.webpx0123456789ab.tmp`,
  `${key}-large.webp.0123456789abxtmp`,
  `${key}-large.webp.0123456789ab.tmp.tmp`,
])('%s is none', (name) => expect(keyOfPhotoFile(name)).toBeUndefined())

test('where a photo is says which one', () => {
  expect(photoVersionIn('/api/v1/customers/1/photo?v=5f70bf18')).toBe('5f70bf18')
  expect(photoVersionIn('/api/v1/customers/1/photo')).toBeUndefined()
  expect(photoVersionLength).toBe(32)
})
