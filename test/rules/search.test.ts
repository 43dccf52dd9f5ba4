import { expect, test } from 'vitest'
import { marks, partsOf, soughtOf, sourcesFor, ticketNumbered } from '../../server/search/search-rules.ts'

const [bracket, start, stop, cut] = [marks.bracket, marks.start, marks.stop, marks.cut].map((code) =>
  String.fromCharCode(code),
) as [string, string, string, string]

test.each([
  ['nothing', '', []],
  ['no match', 'a b', [{ text: 'a b', match: false }]],
  [
    'a match in the middle',
    `a ${start}b${stop} c`,
    [
      { text: 'a ', match: false },
      { text: 'b', match: true },
      { text: ' c', match: false },
    ],
  ],
  [
    'matches side by side',
    `${start}a${stop}${start}b${stop}`,
    [
      { text: 'a', match: true },
      { text: 'b', match: true },
    ],
  ],
  [
    'markup',
    `${bracket}b>${start}a${stop}${bracket}/b>`,
    [
      { text: '<b>', match: false },
      { text: 'a', match: true },
      { text: '</b>', match: false },
    ],
  ],
  ['a run that was cut', `${start}aa${cut}aa${stop}`, [{ text: 'aaaa', match: true }]],
])('the parts of %s', (_, passage, parts) => {
  expect(partsOf(passage)).toEqual(parts)
})

test.each([
  ['+44 20 8366-1171', '+442083661171'],
  [' +44(20)83661171 ', '+442083661171'],
  ['+44', '+44'],
  // What has no plus could be anything, and what has a word is no number.
  ['20 8366 1171', '20 8366 1171'],
  ['2026-11-21', '2026-11-21'],
  ['+1 for winter', '+1 for winter'],
  ['winter +44', 'winter +44'],
])('of %j is sought %j', (typed, sought) => {
  expect(soughtOf(typed)).toBe(sought)
})

test('customers are sought by who may see them, and only what was asked for', () => {
  expect(sourcesFor({ type: undefined, customers: true })).toEqual(['ticket', 'post', 'customer'])
  expect(sourcesFor({ type: undefined, customers: false })).toEqual(['ticket', 'post'])
  expect(sourcesFor({ type: 'customer', customers: true })).toEqual(['customer'])
  expect(sourcesFor({ type: 'customer', customers: false })).toEqual([])
  for (const type of ['ticket', 'post'] as const) {
    expect(sourcesFor({ type, customers: true })).toEqual([type])
    expect(sourcesFor({ type, customers: false })).toEqual([type])
  }
})

test.each([
  ['20', 20],
  ['#20', 20],
  [' #20 ', 20],
  ['999999999999999', 999_999_999_999_999],
  ['1234567890123456', null],
  ['a20', null],
  ['20a', null],
  [' # 20', 20],
  ['##20', null],
  ['-20', null],
  ['2.5', null],
  ['', null],
])('%j may mean the ticket %s', (typed, number) => {
  expect(ticketNumbered(typed)).toBe(number)
})
