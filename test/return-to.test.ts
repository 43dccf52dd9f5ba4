import { expect, test } from 'vitest'
import { placeToReturnTo } from '../server/auth/pages/return-to.js'

const origin = 'https://desk.test'
const place = (wanted: string | null) => placeToReturnTo(wanted, origin)

test('after signing in one goes on to where one wanted to go', () => {
  for (const wanted of ['/', '/docs', '/oauth/authorize?a=b&c=%2F%2Fd', '/desk/customers/1#notes'])
    expect(place(wanted)).toBe(origin + wanted)
})

test.each([
  null,
  '',
  'docs',
  '//evil.test',
  '///evil.test',
  '/\\evil.test',
  '\\\\evil.test',
  '/\t/evil.test',
  '/\n/evil.test',
  '\t//evil.test',
  ' //evil.test',
  'https://evil.test',
  'https:evil.test',
  'https://desk.test@evil.test',
  'https://desk.test.evil.test/',
  'javascript:alert(1)',
  '/javascript:alert(1)\u0000',
  'data:text/html,x',
  '/a\\b',
])('S13 %j leads nowhere but home', (wanted) => {
  expect(place(wanted)).toBe(`${origin}/`)
})

test.each([
  '/%2f%2fevil.test',
  '/%5cevil.test',
  '/.//evil.test',
  '/..//evil.test',
  '/a/..//evil.test',
  '/@evil.test',
])('S13 %j stays on this site', (wanted) => {
  expect(new URL(place(wanted)).origin).toBe(origin)
})
