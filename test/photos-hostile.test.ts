// Photos that are none, or that are made to hurt, and forms that are: refused within two seconds, and the photo that was there stays.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { getCustomer, setCustomerPhoto } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { impostors, torments } from './support/hostile-pictures.ts'
import { asUpload, picture } from './support/photos.ts'
import { sendTo } from './support/send.ts'

const { as, ctx, given, rows, url } = await openTestDesk()
const operator = await given.operator()
const call = as(operator)
const authorization = `Bearer ${operator.token}`
const { id } = await given.customer()
const params = { id }
const photoPath = `/api/v1/customers/${id}/photo`
await call(setCustomerPhoto, { params, upload: asUpload(await picture()) })

const filesThere = async () => {
  const names: string[] = []
  for await (const { name } of ctx.files.list()) names.push(name)
  return names.sort()
}

/** The customer, the files and the photo itself, as they are before and must be after. */
async function everything() {
  await expect.poll(async () => (await filesThere()).length).toBe(2) // what was replaced goes a moment later
  const { bytes } = await sendTo(url, { path: photoPath, headers: { authorization } })
  return {
    customer: (await call(getCustomer, { params })).body,
    files: await filesThere(),
    photo: bytes.toString('base64'),
  }
}

async function expectRefused(send: () => Promise<{ status: number; text: string }>, ...statuses: number[]) {
  const before = await everything()
  const began = performance.now()
  const { status, text } = await send()
  expect(performance.now() - began).toBeLessThan(2_000)
  expect(statuses, text).toContain(status)
  expect(await everything()).toEqual(before)
}

const put = (bytes: Buffer, type: string) =>
  sendTo(url, {
    method: 'PUT',
    path: photoPath,
    headers: { authorization, 'content-type': type },
    body: new Uint8Array(bytes),
  })

interface FormOptions {
  readonly boundary?: string
  readonly end?: string
  readonly path?: string
  readonly method?: string
}

/** A form with one part as it is written here. */
function form(part: string | Buffer, options: FormOptions = {}) {
  const { boundary = 'x', path = photoPath, method = 'PUT' } = options
  const { end = `\r\n--${boundary}--\r\n` } = options
  const body = Buffer.concat([Buffer.from(`--${boundary}\r\n`), Buffer.from(part), Buffer.from(end)])
  const headers = { authorization, 'content-type': `multipart/form-data; boundary=${boundary}` }
  return sendTo(url, { method, path, headers, body })
}

const filePart = (bytes: Buffer, { name = 'photo', filename = 'me.png', type = 'image/png' } = {}) =>
  Buffer.concat([
    Buffer.from(
      `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`,
    ),
    bytes,
  ])

describe('S20: what is no picture, or not the one it is said to be', async () => {
  const all = Object.entries(await impostors())
  test.each(all)('%s', async (_, { bytes, type, status }) => {
    await expectRefused(() => put(bytes, type), status)
    await expectRefused(() => form(filePart(bytes, { type })), status)
  })

  test.each([
    '.htaccess\u200b',
    '\u200b.htaccess',
    'a.png.php',
    '../../../../tmp/x.png',
    '..\\..\\x.png',
    'a\u202egnp.exe',
    `${'x'.repeat(300)}.png`,
    '/etc/passwd',
    'nul',
    '-rf',
    '',
  ])('a good picture named %s is kept under a name of ours', async (filename) => {
    const bytes = await picture('png', { color: '#2020c0' })
    const { status } = await form(filePart(bytes, { filename }))
    expect(status).toBe(200)
    const { headers } = await sendTo(url, { path: photoPath, headers: { authorization } })
    expect(headers.get('content-disposition')).toBe(`inline; filename="customer-${id}-large.webp"`)
    for (const name of await filesThere()) expect(name).toMatch(/^[0-9a-f]{32}-(?:large|small)\.webp$/)
  })

  test('a file name with U+0000 harms nobody', async () => {
    const { status } = await form(filePart(await picture(), { filename: 'a\0.png' }))
    expect([200, 400, 422]).toContain(status)
    for (const name of await filesThere()) expect(name).toMatch(/^[0-9a-f]{32}-(?:large|small)\.webp$/)
  })
})

describe('S21: what is made to hurt a decoder', async () => {
  const all = Object.entries(await torments())
  const watch = watchChildren()
  afterAll(() => watch.stop())

  test.each(all)('%s', async (_, { bytes, type, status }) => {
    await expectRefused(() => put(bytes, type), status)
  })

  test('spoiled pictures are taken or refused, and nothing else happens', { timeout: 60_000 }, async () => {
    const whole = await Promise.all(
      (['jpeg', 'png', 'webp'] as const).map(async (format) => ({
        format,
        bytes: await picture(format, { width: 90, height: 60 }),
      })),
    )
    const spoiled = fc.record({
      which: fc.nat({ max: 2 }),
      flips: fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat({ max: 255 })), {
        minLength: 1,
        maxLength: 8,
      }),
    })
    await fc.assert(
      fc.asyncProperty(spoiled, async ({ which, flips }) => {
        const { format, bytes } = whole[which] as (typeof whole)[number]
        const copy = Buffer.from(bytes)
        for (const [at, value] of flips) copy[Math.floor(at * copy.length)] = value
        const { status } = await put(copy, `image/${format}`)
        expect([200, 415, 422]).toContain(status)
      }),
      { numRuns: 150 },
    )
    expect((await put(await picture(), 'image/png')).status).toBe(200)
  })

  test.runIf(process.platform === 'linux')(
    'its process never held more than 300 MiB, and this one lives',
    async () => {
      expect(watch.most()).toBeGreaterThan(0)
      expect(watch.most()).toBeLessThan(320 * 1024 * 1024)
    },
  )

  test('a picture of 25 megapixels is read within the time', { timeout: 30_000 }, async () => {
    for (const format of ['jpeg', 'png', 'webp'] as const) {
      const bytes = await picture(format, { width: 5_000, height: 5_000 })
      expect([format, (await put(bytes, `image/${format}`)).status]).toEqual([format, 200])
    }
  })
})

describe('S22: forms that are made to hurt', async () => {
  const good = await picture()
  const field = (name: string, value = 'x') =>
    `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`
  const newCustomer = { path: '/api/v1/customers', method: 'POST' }

  test.each(['__proto__', 'constructor', 'prototype', 'toString', '__proto__[polluted]', 'a\u0000b', ''])(
    'a field named %j',
    async (name) => {
      await expectRefused(() => form(field(name)), 400, 422)
      await expectRefused(() => form(field(name), newCustomer), 400, 422)
      await expectRefused(() => form(filePart(good, { name })), 400, 422)
      expect(Object.keys({})).toEqual([])
    },
  )

  test.each(['__proto__', 'constructor'])('a head of a part named %s', async (name) => {
    const { status } = await form(Buffer.concat([Buffer.from(`${name}: x\r\n`), filePart(good)]))
    expect([200, 400, 422]).toContain(status)
    expect(Object.keys({})).toEqual([])
  })

  test.each([
    ['of 71 characters', 'b'.repeat(71)],
    ['of 252 characters', 'b'.repeat(252)],
    ['of 10,000 characters', 'b'.repeat(10_000)],
    ['that is empty', ''],
    ['of characters that no boundary has', 'é€{}'],
  ])('a boundary %s', async (_, boundary) => {
    await expectRefused(async () => {
      const headers = {
        authorization,
        'content-type': `multipart/form-data; boundary=${encodeURI(boundary).replaceAll('%', '<')}`,
      }
      return sendTo(url, {
        method: 'PUT',
        path: photoPath,
        headers,
        body: `--${boundary}\r\n\r\n--${boundary}--`,
      })
    }, 400)
  })

  test('a boundary of 70 characters is one', async () => {
    expect((await form(filePart(good), { boundary: 'b'.repeat(70) })).status).toBe(200)
  })

  test('10,000 parts, 10,000 files, 10,000 heads of a part', async () => {
    const many = (part: string) => Array.from({ length: 10_000 }, () => part).join('\r\n--x\r\n')
    await expectRefused(() => form(many(field('a'))), 422)
    await expectRefused(
      () => form(many('Content-Disposition: form-data; name="photo"; filename="a"\r\n\r\na')),
      422,
    )
    const heads = Array.from({ length: 10_000 }, (_, n) => `X-${n}: ${n}\r\n`).join('')
    await expectRefused(() => form(heads + field('a')), 400, 422)
  })

  test.each([
    ['no end', filePart(good), { end: '' }],
    ['half a boundary at its end', filePart(good), { end: '\r\n--' }],
    ['no part', '', { end: '' }],
    ['a head without end', 'Content-Disposition: form-data; name="photo"; filename="a"', { end: '' }],
    ['nothing of what a part needs', '\r\nhello', {}],
    [
      'a part that is no form-data',
      'Content-Disposition: attachment; name="photo"; filename="a"\r\n\r\na',
      {},
    ],
    ['a field of 9 KiB', field('first_name', 'x'.repeat(9 * 1024)), newCustomer],
    ['a field twice', `${field('first_name')}\r\n--x\r\n${field('first_name')}`, newCustomer],
    ['two photos', Buffer.concat([filePart(good), Buffer.from('\r\n--x\r\n'), filePart(good)]), {}],
    ['another boundary than it says', filePart(good), { end: '\r\n--y--\r\n' }],
  ])('%s', async (_, part, options) => {
    await expectRefused(() => form(part, options), 400, 422)
  })

  test('more than 5 MiB, said so and in pieces that do not say it', async () => {
    const large = Buffer.concat([good, Buffer.alloc(5 * 1024 * 1024 + 1)])
    await expectRefused(() => form(filePart(large)), 413)
    const told = async (answer: Promise<{ text: string }>) => JSON.parse((await answer).text).errors
    const [pointer, detail] = ['/photo', 'must have at most 5 MiB']
    expect(await told(put(large, 'image/png'))).toEqual([{ in: 'body', pointer, detail }])
    expect(await told(form(filePart(large)))).toEqual([
      { in: 'body', pointer, detail: `${detail}, and "me.png" has more` },
    ])
    for (const type of ['image/png', 'multipart/form-data; boundary=x']) {
      await expectRefused(async () => {
        const head = [
          `PUT ${photoPath} HTTP/1.1`,
          `Host: desk.test`,
          `Authorization: ${authorization}`,
          `Content-Type: ${type}`,
          'Transfer-Encoding: chunked',
          '',
          '',
        ]
        const socket = connect(Number(new URL(url).port), '127.0.0.1')
        socket.on('error', () => {}) // it is closed while there is more to send
        const begin =
          type === 'image/png'
            ? Buffer.alloc(0)
            : Buffer.concat([Buffer.from('--x\r\n'), filePart(Buffer.alloc(0))])
        socket.write(head.join('\r\n'))
        const answer = text(socket)
        const piece = Buffer.alloc(64 * 1024, 65)
        const chunk = (data: Buffer) =>
          Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')])
        if (begin.length > 0) socket.write(chunk(begin))
        for (let sent = 0; sent < 6 * 1024 * 1024; sent += piece.length) socket.write(chunk(piece))
        const [, status = ''] = /^HTTP\/1.1 (\d+)/.exec(await answer) ?? []
        return { status: Number(status), text: '' }
      }, 413)
    }
  })

  test('who leaves in the middle leaves nothing behind', async () => {
    const before = await everything()
    const { length: open } = await rows('select 1 from pg_stat_activity where state <> $1', ['idle'])
    for (let round = 0; round < 20; round += 1) {
      const body = filePart(await picture())
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      const head = [
        `PUT ${photoPath} HTTP/1.1`,
        'Host: desk.test',
        `Authorization: ${authorization}`,
        'Content-Type: multipart/form-data; boundary=x',
        `Content-Length: ${body.length + 500}`,
        '',
        '--x',
        '',
      ]
      socket.write(
        Buffer.concat([Buffer.from(head.join('\r\n')), body.subarray(0, body.length / (1 + (round % 3)))]),
      )
      await new Promise((resolve) => setTimeout(resolve, 10))
      socket.destroy()
    }
    expect(await everything()).toEqual(before)
    expect(await rows('select 1 from pg_stat_activity where state <> $1', ['idle'])).toHaveLength(open)
    // The places of those who left are free again.
    const all = await Promise.all(Array.from({ length: 4 }, () => put(good, 'image/png')))
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200))
  })

  test('who sends many slowly keeps nobody else from sending', async () => {
    const slow = Array.from({ length: 32 }, () => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      const head = [
        `PUT ${photoPath} HTTP/1.1`,
        'Host: desk.test',
        `Authorization: ${authorization}`,
        'Content-Type: image/png',
        `Content-Length: ${good.length}`,
        '',
        '',
      ]
      const one = { socket, status: '' }
      socket.on('error', () => {}) // refused while there is more to send
      socket.on('data', (answer) => (one.status ||= answer.toString().slice(9, 12)))
      socket.write(Buffer.concat([Buffer.from(head.join('\r\n')), good.subarray(0, 9)]))
      return one
    })
    await expect.poll(() => slow.filter(({ status }) => status === '429')).toHaveLength(28)
    const mine = await put(good, 'image/png')
    expect([mine.status, mine.headers.get('retry-after')]).toEqual([429, '1'])
    const other = as(await given.operator())
    expect((await other(setCustomerPhoto, { params, upload: asUpload(good) })).status).toBe(200)
    for (const { socket } of slow) socket.destroy()
    await expect.poll(async () => (await put(good, 'image/png')).status).toBe(200)
  })

  test('what is no photo is refused by its media type alone', async () => {
    for (const type of [
      'application/json',
      'text/plain',
      'application/octet-stream',
      'image/gif',
      'image/svg+xml',
      'image/avif',
      'multipart/mixed; boundary=x',
    ])
      await expectRefused(() => put(good, type), 415)
    await expectRefused(
      () => sendTo(url, { method: 'PUT', path: photoPath, headers: { authorization } }),
      422,
    )
    // Elsewhere neither pictures nor forms are taken.
    const elsewhere = {
      method: 'PATCH',
      path: `/api/v1/customers/${id}`,
      body: new Uint8Array(randomBytes(9)),
    }
    for (const type of ['image/png', 'multipart/form-data; boundary=x'])
      await expectRefused(
        () => sendTo(url, { ...elsewhere, headers: { authorization, 'content-type': type } }),
        415,
      )
  })
})

/** The most memory that a child of this process was seen to hold. */
function watchChildren() {
  let most = 0
  const look = async () => {
    const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').catch(
      () => '',
    )
    for (const pid of children.trim().split(' ').filter(Boolean)) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
      const [, kilobytes = '0'] = /^VmHWM:\s+(\d+)/m.exec(status) ?? []
      most = Math.max(most, Number(kilobytes) * 1024)
    }
  }
  const timer = setInterval(() => void look(), 50)
  return { most: () => most, stop: () => clearInterval(timer) }
}
