import { expect, test } from 'vitest'
import { isPolyglot, pictureTypeOf } from '../../server/files/picture-rules.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

test.each([
  ['\xff\xd8\xff\xe0', 'image/jpeg'],
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['RIFF\x04\0\0\0WEBPVP8 ', 'image/webp'],
  ['RIFF\n\r\xff\x80WEBPVP8 ', 'image/webp'],
  ['RIFF\x04\0\0\0WAVEfmt ', undefined],
  ['\0RIFF\x04\0\0\0WEBP', undefined],
  ['LIST\x04\0\0\0WEBPVP8 ', undefined],
  ['RIFF\x04\0\0WEBPVP8 ', undefined],
  ['\xff\xd8', undefined],
  ['\x89PNG\n', undefined],
  [' \xff\xd8\xff', undefined],
  [' \x89PNG\r\n\x1a\n', undefined],
  ['GIF89a', undefined],
  ['', undefined],
])('what begins with %j is %s', (begin, type) => expect(pictureTypeOf(bytes(begin))).toBe(type))

test.each([
  '<SCRIPT>',
  '<script src=x>',
  '<html\n>',
  '<body\tonload=x>',
  '<iframe/src=x>',
  '<svg/onload=alert(1)>',
  '<!DOCTYPE html>',
  '<?php ',
  '%PDF-1.7',
  'PK\x05\x06',
])('a picture with %j in it is something else, too', (content) =>
  expect(isPolyglot(bytes(`\xff\xd8\xff${content}\x80`))).toBe(true),
)

test.each([
  '',
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>',
  'scripts of html bodies < 5',
  'script>',
  '<scripting>',
  '<phpx ',
  'PK\x03\x04',
  'PDF-1.7',
])('a picture with %j in it is a picture', (content) =>
  expect(isPolyglot(bytes(`\xff\xd8\xff${content}\x80`))).toBe(false),
)

test('what ends like an archive or begins like a document is looked for where their readers look', () => {
  const padding = (length: number) => '\x80'.repeat(length)
  const zip = 'PK\x05\x06'
  expect(isPolyglot(bytes(zip + padding(65_554)))).toBe(true)
  expect(isPolyglot(bytes(zip + padding(65_555)))).toBe(false)
  const pdf = '%PDF-'
  expect(isPolyglot(bytes(padding(1_019) + pdf))).toBe(true)
  expect(isPolyglot(bytes(padding(1_020) + pdf))).toBe(false)
})
