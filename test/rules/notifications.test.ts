import { describe, expect, test } from 'vitest'
import { forHeader, mailNames, oneLine, quoted } from '../../server/notifications/notification-rules.ts'

test.each([
  ['Winter', 'Winter'],
  ['  Winter is\tcoming ', 'Winter is coming'],
  ['a\r\n\r\nb', 'a b'],
  ['a\u2028b\u2029c\u0085d\u0000e\u007ff', 'a b c d e f'],
  ['\r\na\n', 'a'],
  ['\u202ea\u2066b\u2069\u200ec\u200f', 'abc'],
  ['👩‍🚒 Ärger', '👩‍🚒 Ärger'],
  ['=?x?=', '=?x?='],
])('%j as one line is %j', (text, line) => {
  expect(oneLine(text)).toBe(line)
})

test('an encoded word in a header stays what was typed', () => {
  expect(forHeader('a =?utf-8?Q?b?= =?c\r\n')).toBe('a = ?utf-8?Q?b?= = ?c')
})

describe('what somebody wrote is marked', () => {
  test.each([
    ['a', '> a'],
    ['a\nb', '> a\n> b'],
    ['a\n\n--\nb', '> a\n>\n> --\n> b'],
    ['a\r\nb\rc\vd\fe\u0085f\u2028g\u2029h', '> a\n> b\n> cde\n> f\n> g\n> h'],
    ['\n\n  a\tb  \n\n', '> a\tb'],
    ['a\u0000\u001b[31mb\u007f', '> a[31mb'],
    ['\u202ea\u2066', '> a'],
    ['> a', '> > a'],
  ])('%j is %j', (text, marked) => {
    expect(quoted(text)).toBe(marked)
  })
})

test('names of mails are of the host that Frontdesk is known by', () => {
  const names = mailNames('https://desk.shop.example:8443', 5)
  expect([names.thread, names.post(91), names.change(8)]).toEqual([
    '<ticket-5@desk.shop.example>',
    '<ticket-5-post-91@desk.shop.example>',
    '<ticket-5-version-8@desk.shop.example>',
  ])
})
