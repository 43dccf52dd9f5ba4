// What is taken as a document, as tables.
import { describe, expect, test } from 'vitest'
import { agrees, documentOf, isTextInAnotherEncoding } from '../../server/files/document-rules.ts'
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
    ['a table by no other ending', 'a;b', 'a.csv.md', text],
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
    expect(documentOf(Buffer.from(bytes as Buffer), name)).toEqual(type && { type, refusal: undefined })
  })

  test.each(['word/document.xml', 'xl/workbook.xml', 'ppt/presentation.xml'])(
    'nothing that has something like %s alone',
    (part) => {
      const types = ['[Content_Types].xml', ''] as const
      expect(documentOf(zipOf([types, [part, '']]), 'a')).toBeDefined()
      for (const name of [`x/${part}`, `${part}.rels`, part.replace('.', '_')])
        expect(documentOf(zipOf([types, [name, '']]), 'a'), name).toBeUndefined()
    },
  )
})

test.each([
  ['application/pdf', undefined, true],
  ['application/pdf', 'application/pdf', true],
  ['application/pdf', text, false],
  ['image/png', 'image/jpeg', false],
  [text, 'text/csv', true],
  ['text/csv', text, true],
  ...[
    'text/markdown',
    'text/tab-separated-values',
    'application/json',
    'application/yaml',
    'application/x-yaml',
  ].flatMap((called): [string, string, boolean][] => [
    [text, called, true],
    ['application/pdf', called, false],
  ]),
  [text, 'text/html', false],
  [text, 'application/javascript', false],
  ['text/csv', 'application/vnd.ms-excel', true],
  ['text/csv', 'text/html', false],
  [text, 'application/vnd.ms-excel', false],
  [word, 'application/zip', false],
])('what is %s may be called %s: %s', (found, declared, may) => {
  expect(agrees(found, declared)).toBe(may)
})

describe('what is wrong with a document', () => {
  const page = '<script >alert(1)</script>\n'
  const [twoThings, half] = ['must be a PDF and nothing else besides', 'must be a whole PDF']
  const [macros, programs] = ['must have no macros; save it without them', 'must have no programs in it']
  const sheet = `${openXml}.spreadsheetml.sheet`
  const openText = 'application/vnd.oasis.opendocument.text'
  test.each<[string, Buffer, string, string | undefined]>([
    ['a script in its beginning', pdf(page), 'application/pdf', twoThings],
    ['a page far behind its beginning', pdf(`${'%'.repeat(2_000)}\n${page}`), 'application/pdf', undefined],
    ['an archive behind it', Buffer.concat([pdf(), zipOf([['a', '']])]), 'application/pdf', twoThings],
    ['no end', pdf().subarray(0, 20), 'application/pdf', half],
    [
      'an end with a little behind it',
      Buffer.concat([pdf(), Buffer.alloc(1_000, 10)]),
      'application/pdf',
      undefined,
    ],
    ['an end with much behind it', Buffer.concat([pdf(), Buffer.alloc(3_000, 10)]), 'application/pdf', half],
    ['macros', docx([['word/vbaProject.bin', '']]), word, macros],
    ['macros in any case', docx([['word/VBAPROJECT.BIN', '']]), word, macros],
    ['macros in no folder', docx([['vbaProject.bin', '']]), word, macros],
    ['a name that only ends like macros', docx([['word/myvbaProject.bin', '']]), word, undefined],
    ['a name that only begins like macros', docx([['word/vbaProject.bin.xml', '']]), word, undefined],
    ['old macros', xlsx([['xl/macrosheets/a.xml', '']]), sheet, macros],
    ['a folder like that of old macros', xlsx([['docs/xl/macrosheets/a.xml', '']]), sheet, undefined],
    ['Basic', odt([['Basic/Standard/a.xml', '']]), openText, macros],
    ['scripts', odt([['Scripts/python/a.py', '']]), openText, macros],
    ['pictures of Basic', odt([['Pictures/Basic/a.png', '']]), openText, undefined],
    [
      'macros and programs',
      docx([
        ['word/vbaProject.bin', ''],
        ['a.exe', ''],
      ]),
      word,
      macros,
    ],
    ['a program', docx([['word/embeddings/a.exe', '']]), word, programs],
    ['a program, as Windows reads it', docx([['word/embeddings/a.exe. ', '']]), word, programs],
    ['a picture', docx([['word/media/a.png', '']]), word, undefined],
    ['a picture that only sounds like a program', docx([['word/media/a.exe.png', '']]), word, undefined],
  ])('%s', (_, bytes, type, refusal) => {
    expect(documentOf(bytes, 'a')).toEqual({ type, refusal })
  })

  test.each(
    'bat chm class cmd com cpl dex dll exe hta jar js jse lnk msc msi pif ps1 reg scr url vbe vbs wsf'.split(
      ' ',
    ),
  )('a program that ends in .%s, in any case', (ending) => {
    for (const name of [`a.${ending}`, `word/A.${ending.toUpperCase()}`])
      expect(documentOf(docx([[name, '']]), 'a')).toEqual({ type: word, refusal: programs })
    expect(documentOf(docx([[`a${ending}`, '']]), 'a')).toEqual({ type: word, refusal: undefined })
  })
})

test.each<[string, boolean, Buffer]>([
  ['text in UTF-8', false, Buffer.from('Grüße')],
  ['text in Latin-1', true, Buffer.from('Grüße\r\n', 'latin1')],
  ['text in UTF-16', true, Buffer.from('\uFEFFGrüße', 'utf16le')],
  ['text in UTF-16 the other way round', true, Buffer.from('\uFEFFGrüße', 'utf16le').swap16()],
  ['a program', false, Buffer.from('MZ\x90\0\x03\xff\xfe', 'latin1')],
  ['a program that is ASCII', false, Buffer.from('MZ\0')],
])('%s is text in another encoding: %s', (_, is, bytes) => {
  expect(isTextInAnotherEncoding(bytes)).toBe(is)
})
