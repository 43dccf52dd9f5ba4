// What is taken as an attachment, and what it is called, as tables.
import { describe, expect, test } from 'vitest'
import { archiveEntries, firstStoredFile } from '../../server/tickets/attachment-archive-rules.ts'
import {
  attachmentKey,
  disposition,
  keyOfAttachmentFile,
  tidyName,
} from '../../server/tickets/attachment-name-rules.ts'
import { agrees, documentOf } from '../../server/tickets/attachment-type-rules.ts'
import { docx, ods, odt, pdf, pptx, xlsx, zipOf } from '../support/documents.ts'

const openXml = 'application/vnd.openxmlformats-officedocument'
const word = `${openXml}.wordprocessingml.document`
const text = 'text/plain'

describe('what a document is', () => {
  test.each<[string, Buffer | string, string, string | undefined]>([
    ['a PDF', pdf(), 'a', 'application/pdf'],
    ['a Word document', docx(), 'a', word],
    [
      'one of Word in a browser',
      zipOf([
        ['[Content_Types].xml', ''],
        ['word/document2.xml', ''],
      ]),
      'a',
      word,
    ],
    ['an Excel sheet', xlsx(), 'a', `${openXml}.spreadsheetml.sheet`],
    ['a presentation', pptx(), 'a', `${openXml}.presentationml.presentation`],
    ['an OpenDocument text', odt(), 'a', 'application/vnd.oasis.opendocument.text'],
    ['an OpenDocument sheet', ods(), 'a', 'application/vnd.oasis.opendocument.spreadsheet'],
    ['text', 'hello', 'a', text],
    ['text with a BOM, tabs and colors', '\uFEFFa\tb\f\x1b[31mc\r\n', 'a', text],
    ['text that has a page in the middle', 'The server said:\n<!doctype html><script>', 'a', text],
    ['text that begins with less than', '< 5 degrees', 'a', text],
    ['a table', 'a;b', 'a.CSV', 'text/csv'],
    ['a table by its ending alone', 'a;b', 'csv', text],
    ['nothing', '', 'a', undefined],
    ['a page', '<p>hello', 'a', undefined],
    ['a page behind blanks', '\uFEFF \n<!DOCTYPE html>', 'a', undefined],
    ['the end of an element', '</script>', 'a', undefined],
    ['XML', '<?xml version="1.0"?>', 'a', undefined],
    ['a script', '#!/bin/sh', 'a', undefined],
    ['PostScript', '%!PS-Adobe', 'a', undefined],
    ['RTF', '{\\rtf1 hello}', 'a', undefined],
    ['a control character', 'a\x01b', 'a', undefined],
    ['U+0000', 'a\0b', 'a', undefined],
    ['Latin-1', Buffer.from('\xfc', 'latin1'), 'a', undefined],
    ['a PDF that does not begin so', ` ${pdf().toString()}\x01`, 'a', undefined],
    ['an archive of what not', zipOf([['a.txt', '']]), 'a', undefined],
    ['a Word document without its types', zipOf([['word/document.xml', '']]), 'a', undefined],
    ['the types of nothing', zipOf([['[Content_Types].xml', '']]), 'a', undefined],
    ['two in one', docx([['xl/workbook.xml', '']]), 'a', undefined],
    [
      'an OpenDocument that is Word, too',
      odt([
        ['[Content_Types].xml', ''],
        ['word/document.xml', ''],
      ]),
      'a',
      undefined,
    ],
    ['an OpenDocument of another kind', zipOf([['mimetype', 'application/epub+zip']]), 'a', undefined],
  ])('%s', (_, bytes, name, type) => {
    expect(documentOf(Buffer.from(bytes as Buffer), name)?.type).toBe(type)
  })
})

test.each([
  ['application/pdf', undefined, true],
  ['application/pdf', 'application/pdf', true],
  ['application/pdf', text, false],
  ['image/png', 'image/jpeg', false],
  [text, 'text/csv', true],
  ['text/csv', text, true],
  [text, 'text/html', false],
  ['text/csv', 'application/vnd.ms-excel', true],
  [text, 'application/vnd.ms-excel', false],
  [word, 'application/zip', false],
])('what is %s may be called %s: %s', (found, declared, may) => {
  expect(agrees(found, declared)).toBe(may)
})

describe('what is wrong with a document', () => {
  const page = '<script >alert(1)</script>\n'
  test.each<[string, Buffer, string, boolean]>([
    ['nothing, of a PDF', pdf(), 'application/pdf', false],
    ['a script in its beginning', pdf(page), 'application/pdf', true],
    ['a page far behind its beginning', pdf(`${'%'.repeat(2_000)}\n${page}`), 'application/pdf', false],
    ['an archive behind it', Buffer.concat([pdf(), zipOf([['a', '']])]), 'application/pdf', true],
    ['no end', pdf().subarray(0, 20), 'application/pdf', true],
    [
      'an end with a little behind it',
      Buffer.concat([pdf(), Buffer.alloc(1_000, 10)]),
      'application/pdf',
      false,
    ],
    ['an end with much behind it', Buffer.concat([pdf(), Buffer.alloc(3_000, 10)]), 'application/pdf', true],
    ['nothing, of a text', Buffer.from('hello'), text, false],
    ['nothing, of a Word document', docx(), word, false],
    ['macros', docx([['word/vbaProject.bin', '']]), word, true],
    ['macros in any case', docx([['word/VBAPROJECT.BIN', '']]), word, true],
    ['a name that only ends like macros', docx([['word/myvbaProject.bin', '']]), word, false],
    ['old macros', xlsx([['xl/macrosheets/a.xml', '']]), `${openXml}.spreadsheetml.sheet`, true],
    ['Basic', odt([['Basic/Standard/a.xml', '']]), 'application/vnd.oasis.opendocument.text', true],
    ['scripts', odt([['Scripts/python/a.py', '']]), 'application/vnd.oasis.opendocument.text', true],
    ['a program', docx([['word/embeddings/a.exe', '']]), word, true],
    ['JavaScript', docx([['a.js', '']]), word, true],
    ['a picture', docx([['word/media/a.png', '']]), word, false],
  ])('%s', (_, bytes, type, refused) => {
    const found = documentOf(bytes, 'a')
    expect([found?.type, found?.refusal !== undefined]).toEqual([type, refused])
  })
})

describe('what is in an archive', () => {
  const two = [
    ['a', 'x'],
    ['b/c', 'y'],
  ] as const
  const good = zipOf(two)
  const changed = (at: number, value: number) => {
    const copy = Buffer.from(good)
    copy[at < 0 ? copy.length + at : at] = value
    return copy
  }
  test.each<[string, Buffer, readonly string[] | undefined]>([
    ['two files', good, ['a', 'b/c']],
    ['two files in a large one', zipOf(two, { is64: true }), ['a', 'b/c']],
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
    ['another beginning', changed(0, 1), undefined],
    ['a comment that is not there', changed(-2, 1), undefined],
    ['one file less than its list', changed(-12, 1), undefined],
    ['one file more than its list', changed(-12, 3), undefined],
    ['a list that begins elsewhere', changed(-6, 1), undefined],
    ['another end', changed(-22, 1), undefined],
  ])('%s', (_, bytes, names) => {
    expect(archiveEntries(bytes)).toEqual(names)
  })

  test('of 10,000 at most', () => {
    const many = (count: number) => zipOf(Array.from({ length: count }, (_, n) => [`f${n}`, ''] as const))
    expect(archiveEntries(many(10_000))).toHaveLength(10_000)
    expect(archiveEntries(many(10_001))).toBeUndefined()
  })

  test('cut or changed anywhere, it is read or refused', () => {
    for (const whole of [good, zipOf(two, { is64: true })])
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

  test('a first file that is packed or long is not looked at', () => {
    expect(firstStoredFile(zipOf([['a', 'x'.repeat(255)]]), 'a')).toHaveLength(255)
    expect(firstStoredFile(zipOf([['a', 'x'.repeat(256)]]), 'a')).toBeUndefined()
    const packed = zipOf([['a', 'x']])
    packed[8] = 8
    expect(firstStoredFile(packed, 'a')).toBeUndefined()
  })
})

describe('what an attachment is called', () => {
  test.each<[string, Parameters<typeof tidyName>[1], string]>([
    ['winter.txt', text, 'winter.txt'],
    ['WINTER.TXT', text, 'WINTER.txt'],
    ['notes.md', text, 'notes.md'],
    ['server.log', text, 'server.log'],
    ['run.bat', text, 'run.bat.txt'],
    ['a.html', text, 'a.html.txt'],
    ['photo.JPG', 'image/webp', 'photo.webp'],
    ['photo.jpeg', 'image/webp', 'photo.webp'],
    ['photo.jfif', 'image/webp', 'photo.webp'],
    ['photo.png', 'image/webp', 'photo.webp'],
    ['photo.webp', 'image/webp', 'photo.webp'],
    ['photo.php', 'image/webp', 'photo.php.webp'],
    ['a.png', text, 'a.png.txt'],
    ['a.jpg.png', 'image/webp', 'a.jpg.webp'],
    ['xpng', 'image/webp', 'xpng.webp'],
    ['bill', 'application/pdf', 'bill.pdf'],
    ['bill.pdf', 'application/pdf', 'bill.pdf'],
    ['bill.', 'application/pdf', 'bill.pdf'],
    ['.pdf', 'application/pdf', 'pdf.pdf'],
    ['', 'application/pdf', 'attachment.pdf'],
    ['...', text, 'attachment.txt'],
    [' .a. ', text, 'a.txt'],
    ['C:\\Users\\Ed\\a.txt', text, 'a.txt'],
    ['/etc/passwd', text, 'passwd.txt'],
    ['a/', text, 'attachment.txt'],
    ['a<b>:"|?*.txt', text, 'a_b______.txt'],
    ['a%22b%0d%0Ac.txt', text, 'a_bc.txt'],
    ['50%.txt', text, '50%.txt'],
    ['%41.txt', text, '%41.txt'],
    ['a\u202eb\u200bc\u2028d\u2029e\x00f.txt', text, 'abcdef.txt'],
    ['u\u0308.txt', text, '\u00fc.txt'],
    ['a\ud800.txt', text, 'a\ufffd.txt'],
    [`${'\u{1f600}'.repeat(101)}.txt`, text, `${'\u{1f600}'.repeat(100)}.txt`],
    [`${'a'.repeat(99)} bc.txt`, text, `${'a'.repeat(99)}.txt`],
  ])('%j of %s: %j', (given, type, name) => {
    expect(tidyName(given, type)).toBe(name)
  })

  test.each([
    ['attachment', 'a b.txt', `attachment; filename="a b.txt"; filename*=UTF-8''a%20b.txt`],
    ['inline', 'ü€.webp', `inline; filename="__.webp"; filename*=UTF-8''%C3%BC%E2%82%AC.webp`],
    [
      'attachment',
      `a"\\%'()*.txt`,
      `attachment; filename="a___'()*.txt"; filename*=UTF-8''a%22%5C%25%27%28%29%2A.txt`,
    ],
    ['attachment', 'a\r\nb', `attachment; filename="a__b"; filename*=UTF-8''a%0D%0Ab`],
  ] as const)('%s; %j', (kind, name, header) => {
    expect(disposition(kind, name)).toBe(header)
  })
})

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
