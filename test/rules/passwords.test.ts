import { expect, test } from 'vitest'
import { weaknessOf } from '../../server/credentials/password-rules.ts'

const common = 'must not be one of the passwords that everybody tries first'

test.each([
  ['12345678', 'ed', common],
  ['keep-yourself-warm', 'ed', undefined],
  ['keep-yourself-warm', null, undefined],
  ['password', null, common],
  ['PassWord', 'ed', common],
  ['passwor', 'ed', 'must have at least 8 characters'],
  ['🐺🐺🐺🐺', 'ed', 'must have at least 8 characters'],
  ['🐺🐺🐺🐺🐺🐺🐺🐺', 'ed', undefined],
  ['ed-of-winterfell', 'ed-of-winterfell', 'must not be the username'],
  ['Ed-Of-Winterfell', 'ED-of-winterfell', 'must not be the username'],
  ['ed-of-winterfell!', 'ed-of-winterfell', undefined],
])('%s, chosen by %s: %s', async (password, username, weakness) => {
  expect(await weaknessOf(password, { username, minLength: 8 })).toBe(weakness)
})

test('how long it must be is the desk’s to say', async () => {
  const weakness = await weaknessOf('keep-warm', { username: null, minLength: 10 })
  expect(weakness).toBe('must have at least 10 characters')
})
