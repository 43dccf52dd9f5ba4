import { describe, expect, test } from 'vitest'
import { disposition, shownName, tidyName } from '../../server/files/file-name-rules.ts'

const text = 'text/plain'

describe('what a file is called', () => {
  test.each([
    ['winter.pdf', 'winter.pdf'],
    ['C:\\Users\\ed\\run.bat', 'run.bat'],
    ['../../etc/\u202Efdp.<b>', 'fdp._b_'],
    [`${'x'.repeat(300)}.pdf`, 'x'.repeat(100)],
    ['..', ''],
    ['', ''],
  ])('to its sender, of whatever type: %j becomes %j', (given, shown) => {
    expect(shownName(given)).toBe(shown)
  })

  test.each<[string, Parameters<typeof tidyName>[1], string]>([
    ['winter.txt', text, 'winter.txt'],
    ['WINTER.TXT', text, 'WINTER.txt'],
    ['notes.md', text, 'notes.md'],
    ['server.log', text, 'server.log'],
    ['answer.json', text, 'answer.json'],
    ['a.yaml', text, 'a.yaml'],
    ['b.yml', text, 'b.yml'],
    ['c.tsv', text, 'c.tsv'],
    ['run.bat', text, 'run.bat.txt'],
    ['a.html', text, 'a.html.txt'],
    ['photo.JPG', 'image/webp', 'photo.webp'],
    ['photo.jpeg', 'image/webp', 'photo.webp'],
    ['photo.jfif', 'image/webp', 'photo.webp'],
    ['photo.png', 'image/webp', 'photo.webp'],
    ['photo.webp', 'image/webp', 'photo.webp'],
    ['photo.php', 'image/webp', 'photo.php.webp'],
    ['photo.jpg.php', 'image/webp', 'photo.jpg.php.webp'],
    ['photo.xpng', 'image/webp', 'photo.xpng.webp'],
    ['photo.pngx', 'image/webp', 'photo.pngx.webp'],
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
    ['a/b\\c/d.txt', text, 'd.txt'],
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

  test.each<[Parameters<typeof tidyName>[1], string]>([
    ['image/webp', 'webp'],
    ['application/pdf', 'pdf'],
    ['text/plain', 'txt'],
    ['text/csv', 'csv'],
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
    ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
    ['application/vnd.openxmlformats-officedocument.presentationml.presentation', 'pptx'],
    ['application/vnd.oasis.opendocument.text', 'odt'],
    ['application/vnd.oasis.opendocument.spreadsheet', 'ods'],
  ])('%s ends in .%s, whatever else it is called', (type, ending) => {
    expect(tidyName(`a.${ending.toUpperCase()}`, type)).toBe(`a.${ending}`)
    expect(tidyName(`a.${ending}.exe`, type)).toBe(`a.${ending}.exe.${ending}`)
    expect(tidyName(`a.${ending}x`, type)).toBe(`a.${ending}x.${ending}`)
    expect(tidyName(`a.x${ending}`, type)).toBe(`a.x${ending}.${ending}`)
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
