// Which list of an archive is read, and which archive is none: as tables of bytes.
import { describe, expect, test } from 'vitest'
import { archiveEntries, firstStoredFile } from '../../server/files/archive-rules.ts'
import { documentOf } from '../../server/files/document-rules.ts'
import { zipOf } from '../support/documents.ts'

describe('what is in an archive', () => {
  const two = Object.entries({ a: 'x', 'b/c': 'y' })
  const good = zipOf(two)
  const large = zipOf(two, { is64: true })
  /** The same with other bytes from there on, from the end if below 0. */
  const changed = (at: number, bytes: readonly number[], whole = good) => {
    const copy = Buffer.from(whole)
    copy.set(bytes, at < 0 ? copy.length + at : at)
    return copy
  }
  // Where the list begins, how long it is, and where its second entry stands.
  const [begin, size, second] = [66, 96, 113]
  const largeInBoth = changed(-12, [2, 0, size, 0, 0, 0, begin, 0, 0, 0], large)
  const endAt = (at: number, entries = 0, bytes = 0) =>
    changed(10, [entries, 0, bytes, 0, 0, 0, at], good.subarray(-22))

  test.each<[string, Buffer, readonly string[] | undefined]>([
    ['two files', good, ['a', 'b/c']],
    ['two files in a large one', large, ['a', 'b/c']],
    [
      'dots that lead nowhere',
      zipOf([
        ['a..b', ''],
        ['...', ''],
      ]),
      ['a..b', '...'],
    ],
    ['something before it', zipOf(two, { before: Buffer.from('x') }), undefined],
    ['something behind it', zipOf(two, { behind: Buffer.from('x') }), undefined],
    ['something encrypted', zipOf(two, { flags: 1 }), undefined],
    ['a flag that means something else', zipOf(two, { flags: 8 }), ['a', 'b/c']],
    ['what is said of an entry', changed(-12, [1], changed(begin + 30, [20, 0, 29])), ['a']],
    ['one name twice', zipOf([...two, ...two]), undefined],
    ['a way out', zipOf([['../a', '']]), undefined],
    ['a way out in the middle', zipOf([['a/../../b', '']]), undefined],
    ['a way out at the end', zipOf([['a/..', '']]), undefined],
    ['a root', zipOf([['/a', '']]), undefined],
    ['a backslash', zipOf([['a\\b', '']]), undefined],
    ['a control character', zipOf([['a\n', '']]), undefined],
    ['no name', zipOf([['', '']]), undefined],
    ['nothing', zipOf([]), undefined],
    ['nothing at all', Buffer.alloc(0), undefined],
    ['only its end', good.subarray(-22), undefined],
    ['half of it', good.subarray(0, good.length / 2), undefined],
    ['another beginning', changed(0, [1]), undefined],
    ['a comment that is not there', changed(-2, [1]), undefined],
    ['one file less than its list', changed(-12, [1]), undefined],
    ['one file more than its list', changed(-12, [3]), undefined],
    ['a list that begins elsewhere', changed(-6, [1]), undefined],
    ['a list that is longer than it says', changed(-10, [size - 1]), undefined],
    ['another end', changed(-22, [1]), undefined],
    ['another beginning of an entry', changed(second, [1]), undefined],
    [
      'something between the list and its end',
      Buffer.concat([good.subarray(0, -22), Buffer.alloc(1), good.subarray(-22)]),
      undefined,
    ],
    ['a comment of an entry that leads behind the end', changed(begin + 32, [200]), undefined],
    [
      'an entry that begins where the list ends',
      changed(
        begin + 32,
        [47],
        zipOf([
          ['a', ''],
          ['bPK\x01\x02', ''],
        ]),
      ),
      undefined,
    ],
    ['a list of nothing behind a file', Buffer.concat([good.subarray(0, 30), endAt(30)]), []],
    [
      'a list where the first file should be',
      Buffer.concat([Buffer.from('PK\x03\x04'), good.subarray(begin, second), endAt(4, 1, 47)]),
      undefined,
    ],
    ['an end that says the same as that of a large one', largeInBoth, ['a', 'b/c']],
    ['an end that says less entries', changed(-12, [1], largeInBoth), undefined],
    ['an end that says another size', changed(-10, [size - 49], largeInBoth), undefined],
    ['an end that says another place', changed(-6, [begin + 1], largeInBoth), undefined],
    ['another end of a large one', changed(-98, [1], large), undefined],
    ['another end of a large one, and a list that would do', changed(-98, [1], largeInBoth), undefined],
    ['nothing that leads to the end of a large one', changed(-42, [1], largeInBoth), undefined],
    ['what leads elsewhere than to the end of a large one', changed(-34, [0], large), undefined],
    [
      'what leads to the end of a large one, and no room for it',
      Buffer.concat([good.subarray(0, 30), Buffer.from('PK\x06\x07'.padEnd(20, '\0')), endAt(50)]),
      undefined,
    ],
  ])('%s', (_, bytes, names) => {
    expect(archiveEntries(bytes)).toEqual(names)
  })

  test('of 10,000 at most', () => {
    const many = (count: number) => zipOf(Array.from({ length: count }, (_, n) => [`f${n}`, ''] as const))
    expect(archiveEntries(many(10_000))).toHaveLength(10_000)
    expect(archiveEntries(many(10_001))).toBeUndefined()
  })

  test('cut or changed anywhere, it is read or refused', () => {
    for (const whole of [good, large])
      for (let at = 0; at < whole.length; at += 1) {
        expect(() => archiveEntries(whole.subarray(0, at))).not.toThrow()
        const copy = Buffer.from(whole)
        copy[at] = 255
        expect(() => documentOf(copy, 'a')).not.toThrow()
      }
  })

  test.each([
    ['mimetype', 'mimetype', 'hello'],
    ['mimetyp', 'mimetype', undefined],
    ['mimetype', 'mimetyp', undefined],
  ])('a first file called %s, looked for as %s: %s', (name, sought, content) => {
    expect(firstStoredFile(zipOf([[name, 'hello']]), sought)).toBe(content)
  })

  test('what a first file holds begins behind what else is said of it', () => {
    // Two bytes of its seven are an extra field.
    const told = changed(28, [2], changed(18, [5], zipOf([['a', 'xyhello']])))
    expect(firstStoredFile(told, 'a')).toBe('hello')
  })

  test('a first file that is packed or long is not looked at', () => {
    expect(firstStoredFile(zipOf([['a', 'x'.repeat(255)]]), 'a')).toHaveLength(255)
    expect(firstStoredFile(zipOf([['a', 'x'.repeat(256)]]), 'a')).toBeUndefined()
    const packed = zipOf([['a', 'x']])
    packed[8] = 8
    expect(firstStoredFile(packed, 'a')).toBeUndefined()
  })
})
