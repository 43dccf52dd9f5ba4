import { expect, test } from 'vitest'
import { attachmentKey, keyOfAttachmentFile } from '../../server/tickets/attachment-rules.ts'

test('a file of ours is known by its name', () => {
  const key = attachmentKey('ab'.repeat(32), '0123456789abcdef')
  expect(key).toBe(`${'ab'.repeat(32)}-0123456789abcdef`)
  expect(keyOfAttachmentFile(key)).toBe(key)
  expect(keyOfAttachmentFile(`${key}.0123456789ab.tmp`)).toBe(key)
  for (const name of [
    `${key}.tmp`,
    `x${key}`,
    `${key}x`,
    key.toUpperCase(),
    key.slice(1),
    `${'ab'.repeat(16)}-large.webp`,
  ])
    expect(keyOfAttachmentFile(name)).toBeUndefined()
})
