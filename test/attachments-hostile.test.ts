// Attachments that are made to hurt: what is no such file, what it is called, and forms that do not end or are too much.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listPosts, type Post } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { docx, odt, pdf, xlsx, zipOf } from './support/documents.ts'
import { impostors, torments } from './support/hostile-pictures.ts'
import { picture } from './support/photos.ts'
import { sendTo } from './support/send.ts'

const { as, ctx, given, rows, url } = await openTestDesk()
const customer = await given.user()
const { id } = await given.request({ customer_id: await given.own(customer) })
const path = `/api/v1/tickets/${id}/posts`
const authorization = `Bearer ${customer.token}`

const filesThere = async () => {
  const names: string[] = []
  for await (const { name } of ctx.files.list()) names.push(name)
  return names.sort()
}

/** What was stored in vain goes a moment after the answer. */
async function tidied() {
  const named = await rows<{ key: string }>('select key from attachment_files order by key')
  await expect.poll(filesThere).toEqual(named.map(({ key }) => key))
}

const everything = async () => ({
  posts: (await rows('select id from posts order by id')).length,
  attachments: (await rows('select id from attachments order by id')).length,
  files: await filesThere(),
})

async function expectRefused(send: () => Promise<{ status: number; text: string }>, ...statuses: number[]) {
  await tidied()
  const before = await everything()
  const began = performance.now()
  const answer = await send()
  expect(performance.now() - began).toBeLessThan(4_000)
  expect(statuses, answer.text).toContain(answer.status)
  await tidied()
  expect(await everything()).toEqual(before)
  return answer
}

interface Part {
  readonly name?: string
  readonly filename?: string
  readonly type?: string
  readonly bytes?: Buffer | string
}

/** As it is written here: nobody escapes anything. */
function filePart({ name = 'attachments', filename = 'a.txt', type = 'text/plain', bytes = 'x' }: Part = {}) {
  const head = `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(bytes as Buffer)])
}

const field = (name: string, value: string) =>
  Buffer.from(`Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`)

const said = field('message', 'See here')

function formOf(parts: readonly Buffer[], end = '--x--\r\n') {
  const each = parts.map((part) => Buffer.concat([Buffer.from('--x\r\n'), part, Buffer.from('\r\n')]))
  return Buffer.concat([...each, Buffer.from(end)])
}

const formHeaders = { authorization, 'content-type': 'multipart/form-data; boundary=x' }

const send = (parts: readonly Buffer[], end?: string) =>
  sendTo(url, { method: 'POST', path, headers: formHeaders, body: new Uint8Array(formOf(parts, end)) })

const attach = (part: Part) => send([said, filePart(part)])

const html = '<!doctype html><script>alert(document.domain)</script>'
const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
const word = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
const openText = 'application/vnd.oasis.opendocument.text'

describe('S20: what is none of what is taken, or not the one that it is said to be', async () => {
  const pictures = Object.entries(await impostors())
  test.each(pictures)('%s', async (_, { bytes, type }) => {
    await expectRefused(() => attach({ bytes, type, filename: 'me.png' }), 415, 422)
  })

  test.each<[string, Part]>([
    ['an SVG', { type: 'image/svg+xml', bytes: svg }],
    ['an SVG said to be text', { type: 'text/plain', bytes: svg }],
    ['a page', { type: 'text/html', bytes: html }],
    ['a page said to be text', { type: 'text/plain', bytes: html }],
    [
      'a page behind a BOM and blanks, said to be a table',
      { type: 'text/csv', bytes: `\uFEFF \r\n\t${html}` },
    ],
    ['a page that nobody says what it is', { type: 'application/octet-stream', bytes: html }],
    ['XML', { type: 'application/xml', bytes: '<?xml version="1.0"?><a/>' }],
    ['a shell script', { type: 'text/plain', bytes: '#!/bin/sh\nrm -rf /\n' }],
    ['a script said to be one', { type: 'text/javascript', bytes: 'alert(1)' }],
    ['a program', { type: 'application/octet-stream', bytes: Buffer.from('MZ\x90\0\x03\0\0\0', 'latin1') }],
    [
      'a program said to be a PDF',
      { type: 'application/pdf', bytes: Buffer.from('\x7fELF\x02\x01\x01\0', 'latin1') },
    ],
    ['text with U+0000', { bytes: 'a\0b' }],
    ['text in another encoding', { bytes: Buffer.from('Gr\xfc\xdfe', 'latin1') }],
    ['UTF-16', { bytes: Buffer.from('\uFEFFhello', 'utf16le') }],
    ['an old Word document', { type: 'application/msword', bytes: Buffer.from('d0cf11e0a1b11ae1', 'hex') }],
    ['a mail', { type: 'message/rfc822', bytes: 'From: a@b.example\r\n\r\nhello' }],
    ['an archive', { type: 'application/zip', bytes: zipOf([['a.txt', 'x']]) }],
    ['an archive said to be a Word document', { type: word, bytes: zipOf([['a.txt', 'x']]) }],
    ['a PDF said to be text', { type: 'text/plain', bytes: pdf() }],
    ['text said to be a PDF', { type: 'application/pdf', bytes: 'hello' }],
    [
      'a PDF behind something',
      { type: 'application/pdf', bytes: Buffer.concat([Buffer.from('hello\n'), pdf()]) },
    ],
    [
      'a Word document said to be a sheet',
      { type: word.replace('wordprocessingml.document', 'spreadsheetml.sheet'), bytes: docx() },
    ],
    ['an OpenDocument said to be a Word document', { type: word, bytes: odt() }],
    ['a table said to be a sheet, but not called one', { type: 'application/vnd.ms-excel', bytes: 'a;b' }],
    ['a Word document that is a sheet, too', { type: word, bytes: docx([['xl/workbook.xml', '<x/>']]) }],
    ['a Word document behind a page', { type: word, bytes: docx([], { before: Buffer.from(html) }) }],
    ['a Word document before a page', { type: word, bytes: docx([], { behind: Buffer.from(html) }) }],
    ['a Word document that is encrypted', { type: word, bytes: docx([], { flags: 1 }) }],
    ['a Word document that leads out of itself', { type: word, bytes: docx([['../../etc/passwd', 'x']]) }],
    [
      'a Word document with two files of one name',
      { type: word, bytes: docx([['word/document.xml', '<y/>']]) },
    ],
    ['half a Word document', { type: word, bytes: docx().subarray(0, 90) }],
    ['the head of an archive', { type: word, bytes: Buffer.from('PK\x03\x04', 'latin1') }],
  ])('%s: 415', async (_, part) => {
    await expectRefused(() => attach(part), 415)
  })

  test.each<[string, Part]>([
    [
      'a PDF that is an archive, too',
      { type: 'application/pdf', bytes: Buffer.concat([pdf(), zipOf([['a', 'x']])]) },
    ],
    ['a PDF that is a page, too', { type: 'application/pdf', bytes: pdf(`${html}\n`) }],
    ['half a PDF', { type: 'application/pdf', bytes: pdf().subarray(0, 20) }],
    ['a Word document with macros', { type: word, bytes: docx([['word/vbaProject.bin', 'x']]) }],
    [
      'an Excel sheet with old macros',
      { type: 'application/octet-stream', bytes: xlsx([['xl/macrosheets/sheet1.xml', 'x']]) },
    ],
    ['an OpenDocument with macros', { type: openText, bytes: odt([['Basic/Standard/Module1.xml', 'x']]) }],
    [
      'a Word document with a program in it',
      { type: word, bytes: docx([['word/embeddings/bill.EXE', 'x']]) },
    ],
    ['nothing', { bytes: '' }],
  ])('%s: 422', async (_, part) => {
    const { text } = await expectRefused(() => attach(part), 422)
    expect(JSON.parse(text).errors[0].pointer).toBe('/attachments/0')
  })

  test('one bad file of several keeps all of them out, and is named', async () => {
    const good = filePart({ bytes: await picture(), type: 'image/png', filename: 'a.png' })
    const bad = filePart({ bytes: (await picture()).subarray(0, 300), type: 'image/png', filename: 'b.png' })
    const { text } = await expectRefused(() => send([said, good, good, bad]), 422)
    expect(JSON.parse(text).errors).toMatchObject([{ in: 'body', pointer: '/attachments/2' }])
  })

  test('what Windows calls a table is one, by its name', async () => {
    const { status } = await attach({ type: 'application/vnd.ms-excel', filename: 'a.csv', bytes: 'a;b' })
    expect(status).toBe(201)
  })

  test('spoiled archives are taken or refused, and nothing else happens', { timeout: 60_000 }, async () => {
    const whole = [docx(), odt(), docx([], { is64: true })]
    const spoiled = fc.record({
      which: fc.nat({ max: 2 }),
      flips: fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat({ max: 255 })), {
        minLength: 1,
        maxLength: 6,
      }),
    })
    await fc.assert(
      fc.asyncProperty(spoiled, async ({ which, flips }) => {
        const copy = Buffer.from(whole[which] as Buffer)
        for (const [at, value] of flips) copy[Math.floor(at * copy.length)] = value
        const { status } = await attach({ type: 'application/octet-stream', filename: 'a', bytes: copy })
        expect([201, 415, 422]).toContain(status)
      }),
      { numRuns: 150 },
    )
  })
})

describe('S20: what a file is called', () => {
  const bidi = 'a\u202egnp.exe'
  test.each([
    ['../../x\\r\\nX: y', 'nX_ y.txt'],
    ['../../../../tmp/x.png', 'x.png.txt'],
    ['..\\..\\x.bat', 'x.bat.txt'],
    ['.htaccess\u200b', 'htaccess.txt'],
    ['\u200b.htaccess', 'htaccess.txt'],
    ['a.png.php', 'a.png.php.txt'],
    [bidi, 'agnp.exe.txt'],
    ['bill.pdf.exe', 'bill.pdf.exe.txt'],
    ['x%0D%0AX: y%22', 'xX_ y_.txt'],
    ['café ☕.TXT', 'café ☕.txt'],
    ['..', 'attachment.txt'],
    ['   ', 'attachment.txt'],
    [`${'x'.repeat(300)}.txt`, `${'x'.repeat(100)}.txt`],
    ['a\u2028b\u0085c.md', 'abc.md'],
    ["100% 'sure' (yes)*.log", "100% 'sure' (yes)_.log"],
    ['-rf', '-rf.txt'],
  ])('%j is kept as %j', async (filename, name) => {
    const { status, text } = await attach({ filename, bytes: 'harmless' })
    expect(status, text).toBe(201)
    const [attachment] = (JSON.parse(text) as Post).attachments
    expect(attachment?.name).toBe(name)
    const { headers } = await sendTo(url, { path: attachment?.url ?? '', headers: { authorization } })
    expect(headers.has('x')).toBe(false)
    const disposition = headers.get('content-disposition') ?? ''
    // One token, one quoted string, one extended value (RFC 6266), and nothing that could end it early.
    const [, plain, extended] =
      /^attachment; filename="([^"\\%\x7f-\uffff]*)"; filename\*=UTF-8''([\w.!#$&+^`|~%-]+)$/.exec(
        disposition,
      ) ?? []
    expect([plain === undefined, decodeURIComponent(extended ?? '')]).toEqual([false, name])
    for (const file of await filesThere()) expect(file).toMatch(/^[0-9a-f]{64}-[0-9a-f]{16}$/)
  })

  test('a head of a part with a line in its name ends there', async () => {
    const { status } = await send([said, filePart({ filename: 'a\r\nX-Evil: 1\r\n\r\n' })])
    expect([201, 400, 422]).toContain(status)
    const { results } = (
      await as(customer)(listPosts, { params: { id }, query: { limit: 100, sort: '-created' } })
    ).body
    for (const { attachments } of results)
      // oxlint-disable-next-line no-control-regex
      for (const { name } of attachments) expect(name).not.toMatch(/[\x00-\x1f]/)
  })
})

describe('S21: what is made to hurt a decoder', async () => {
  const all = Object.entries(await torments()).filter(([, { status }]) => status !== 413)
  test.each(all)('%s', async (_, { bytes, type, status }) => {
    await expectRefused(() => attach({ bytes, type, filename: 'me.png' }), status, 415)
  })

  test('five pictures of 24 megapixels are read within the time', { timeout: 60_000 }, async () => {
    const bytes = await picture('jpeg', { width: 6_000, height: 4_000 })
    const part = filePart({ bytes, type: 'image/jpeg', filename: 'a.jpg' })
    const { status, text } = await send([said, part, part, part, part, part])
    expect(status, text).toBe(201)
  })
})

describe('S22: forms that are made to hurt', () => {
  const mebibyte = 1024 ** 2

  test('six files', async () => {
    const { text } = await expectRefused(
      () => send([said, ...Array.from({ length: 6 }, () => filePart())]),
      422,
    )
    expect(JSON.parse(text).detail).toContain('must not have more than 5 files')
  })

  test('a file of 11 MiB, alone, among others, and in pieces that do not say it', async () => {
    const large = filePart({ bytes: Buffer.alloc(11 * mebibyte, 65) })
    const { text } = await expectRefused(() => send([said, large]), 413)
    const detail = 'must have at most 10 MiB, and "a.txt" has more'
    expect(JSON.parse(text)).toMatchObject({
      detail: `/attachments/0 ${detail}`,
      errors: [{ in: 'body', pointer: '/attachments/0', detail }],
    })
    const notChosen = filePart({ filename: '', bytes: '' })
    const named = filePart({ filename: '../../etc/\u202E%22<b>.txt', bytes: Buffer.alloc(11 * mebibyte, 65) })
    const among = await expectRefused(() => send([said, notChosen, filePart(), named, filePart()]), 413)
    expect(JSON.parse(among.text).errors).toEqual([
      { in: 'body', pointer: '/attachments/1', detail: 'must have at most 10 MiB, and "__b_.txt" has more' },
    ])
    const nameless = await expectRefused(
      () => send([said, filePart({ filename: '', bytes: Buffer.alloc(11 * mebibyte, 65) })]),
      413,
    )
    expect(JSON.parse(nameless.text).errors).toEqual([
      { in: 'body', pointer: '/attachments/0', detail: 'must have at most 10 MiB' },
    ])
    await expectRefused(async () => ({ status: await inPieces(11 * mebibyte), text: '' }), 413)
  })

  test('10 MiB each are taken, and not a byte more', { timeout: 30_000 }, async () => {
    const most = Buffer.alloc(10 * mebibyte, 'It is cold here.\n')
    const { status, text } = await send([said, ...Array.from({ length: 5 }, () => filePart({ bytes: most }))])
    expect(status, text).toBe(201)
    await expectRefused(
      () => send([said, filePart({ bytes: Buffer.concat([most, Buffer.from('\n')]) })]),
      413,
    )
  })

  test('a form of 52 MiB is refused by what it says of itself', async () => {
    const socket = opened(52 * mebibyte)
    expect(await statusFrom(socket)).toBe(413)
  })

  test.each([
    ['a field that is called like the files', [said, field('attachments', 'a.txt')], '/attachments'],
    ['a file of another name', [said, filePart({ name: 'photo' })], '/photo'],
    ['a file in place of the message', [filePart({ name: 'message' })], '/message'],
    ['a field that is not known', [said, field('author_id', '1')], '/author_id'],
    ['no message', [filePart()], '/message'],
    ['a blank message', [field('message', ' '), filePart()], '/message'],
    ['a message with U+0000', [field('message', 'a\0'), filePart()], '/message'],
    ['a file called __proto__', [said, filePart({ name: '__proto__' })], '/__proto__'],
    ['a field called constructor', [said, field('constructor', 'x')], '/constructor'],
  ])('%s', async (_, parts, pointer) => {
    const { text } = await expectRefused(() => send(parts), 422)
    expect(JSON.parse(text).errors[0].pointer).toBe(pointer)
    expect(Object.keys({})).toEqual([])
  })

  test.each([
    ['no end', [said, filePart()], ''],
    ['half an end', [said, filePart()], '--x'],
    ['the message twice', [said, said], undefined],
    ['a message of 600 kB', [field('message', 'x'.repeat(600_000))], undefined],
    ['10,000 files', Array.from({ length: 10_000 }, () => filePart()), undefined],
    ['10,000 fields', Array.from({ length: 10_000 }, (_, n) => field(`f${n}`, 'x')), undefined],
  ])('%s', async (_, parts, end) => {
    await expectRefused(() => send(parts, end), 400, 422)
  })

  test('who leaves in the middle leaves nothing behind', async () => {
    await tidied()
    const before = await everything()
    for (let round = 0; round < 20; round += 1) {
      const socket = opened(2 * mebibyte)
      socket.write(
        formOf([said, filePart({ bytes: randomBytes(60_000).toString('hex') })], '').subarray(
          0,
          30_000 * (1 + (round % 3)),
        ),
      )
      await new Promise((resolve) => setTimeout(resolve, 10))
      socket.destroy()
    }
    await expect.poll(everything).toEqual(before)
    // Their places are free again.
    const all = await Promise.all(Array.from({ length: 4 }, () => attach({ bytes: 'here' })))
    expect(all.map(({ status }) => status)).toEqual([201, 201, 201, 201])
  })

  test('one sender holds 64 MiB at most, and nobody else waits for that', { timeout: 30_000 }, async () => {
    const slow = [opened(45 * mebibyte), opened(45 * mebibyte)]
    const part = formOf([said, filePart({ bytes: Buffer.alloc(9 * mebibyte, 65) })], '')
    for (const socket of slow)
      socket.write(Buffer.concat([part, part, part, part]).subarray(0, 40 * mebibyte))
    expect(await Promise.race(slow.map(statusFrom))).toBe(429)
    const operator = await given.operator()
    const other = await sendTo(url, {
      method: 'POST',
      path,
      headers: { ...formHeaders, authorization: `Bearer ${operator.token}` },
      body: new Uint8Array(formOf([said, filePart({ bytes: Buffer.alloc(9 * mebibyte, 66) })])),
    })
    expect(other.status).toBe(201)
    for (const socket of slow) socket.destroy()
    const large = { bytes: Buffer.alloc(9 * mebibyte, 65) }
    await expect.poll(async () => (await attach(large)).status).toBe(201)
  })

  /** A call whose body is announced and has yet to come. */
  function opened(length: number) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.on('error', () => {}) // refused while there is more to send
    const head = [`POST ${path} HTTP/1.1`, 'Host: desk.test', `Authorization: ${authorization}`]
    const body = ['Content-Type: multipart/form-data; boundary=x', `Content-Length: ${length}`, '', '']
    socket.write([...head, ...body].join('\r\n'))
    return socket
  }

  async function statusFrom(socket: ReturnType<typeof opened>) {
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return Number(/^HTTP\/1.1 (\d+)/.exec(answer.toString())?.[1])
  }

  async function inPieces(length: number) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.on('error', () => {})
    const head = [`POST ${path} HTTP/1.1`, 'Host: desk.test', `Authorization: ${authorization}`]
    const body = ['Content-Type: multipart/form-data; boundary=x', 'Transfer-Encoding: chunked', '', '']
    socket.write([...head, ...body].join('\r\n'))
    const answer = text(socket)
    const chunk = (data: Buffer) =>
      Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')])
    socket.write(chunk(formOf([said, filePart({ bytes: '' })], '').subarray(0, -2)))
    const piece = chunk(Buffer.alloc(64 * 1024, 65))
    for (let sent = 0; sent < length; sent += 64 * 1024) socket.write(piece)
    return Number(/^HTTP\/1.1 (\d+)/.exec(await answer)?.[1])
  }
})

test('a customer may send 60 forms within an hour, and goes on after that; the staff may send more', async () => {
  const limited = await openTestDesk({ rateLimit: true })
  const sender = await limited.given.user()
  const ticket = await limited.given.request({ customer_id: await limited.given.own(sender) })
  const sendAs = async ({ token }: { token: string }, type = 'multipart/form-data; boundary=x') => {
    const { status, headers } = await sendTo(limited.url, {
      method: 'POST',
      path: `/api/v1/tickets/${ticket.id}/posts`,
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      body: new Uint8Array(
        type === 'application/json' ? Buffer.from('{"message":"x"}') : formOf([said, filePart()]),
      ),
    })
    return [status, headers.get('ratelimit-policy')]
  }
  for (let form = 1; form <= 60; form += 1) expect(await sendAs(sender)).toEqual([201, '"files";q=60;w=3600'])
  expect(await sendAs(sender)).toEqual([429, '"files";q=60;w=3600'])
  expect(await sendAs(sender, 'application/json')).toEqual([201, '"writes";q=1200;w=3600'])
  const operator = await limited.given.operator()
  expect(await sendAs(operator)).toEqual([201, '"user";q=6000;w=60'])
  limited.advance(3_600_000)
  expect(await sendAs(sender)).toEqual([201, '"files";q=60;w=3600'])
})
