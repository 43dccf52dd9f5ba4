// Customers' photos: what is taken, what is refused, and that there is always the old one or the new one.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Pool } from 'pg'
import pino from 'pino'
import sharp from 'sharp'
import { afterAll, describe, expect, test } from 'vitest'
import {
  archiveCustomer,
  type Customer,
  getCustomer,
  listCustomerHistory,
  listCustomers,
  removeCustomerPhoto,
  restoreCustomer,
  setCustomerPhoto,
  updateCustomer,
} from '../contract/index.ts'
import type { Context } from '../server/context.ts'
import { tasksOf } from '../server/desk.ts'
import { openFiles } from '../server/files/open-files.ts'
import { openTestDesk, secretKey } from './support/desk.ts'
import { fileBytes } from './support/file-bytes.ts'
import { asUpload, picture } from './support/photos.ts'
import { sendTo } from './support/send.ts'
import { openStores } from './support/stores.ts'

const desk = await openTestDesk()
const { as, given, rows, url, ctx } = desk
const operator = await given.operator()
const call = as(operator)
const authorization = `Bearer ${operator.token}`

const look = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  sendTo(url, { path, headers: { authorization, ...headers } })

async function setPhoto(id: number, bytes: Buffer, type = 'image/png', headers = {}) {
  return call(setCustomerPhoto, { params: { id }, upload: asUpload(bytes, type) }, headers)
}

async function givenPhoto(facts: Parameters<typeof picture>[1] = {}): Promise<Customer> {
  const { id } = await given.customer()
  const set = await setPhoto(id, await picture('png', facts))
  expect(set.status).toBe(200)
  return set.body
}

function sendForm(
  method: string,
  path: string,
  parts: Readonly<Record<string, string | Blob>>,
  headers = {},
  at = url,
) {
  const body = new FormData()
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value === 'string') body.append(name, value)
    else body.append(name, value, 'me.png')
  }
  return sendTo(at, { method, path, headers: { authorization, ...headers }, body })
}

const filesThere = async () => {
  const names: string[] = []
  for await (const { name } of ctx.files.list()) names.push(name)
  return names.sort()
}

/** There are the files that rows name, and no others: at once or, since nobody waits for that, a moment later. */
async function expectTidy() {
  const named = await rows<{ photo_key: string }>(
    'select photo_key from customers where photo_key is not null',
  )
  const files = named.flatMap(({ photo_key }) => [`${photo_key}-large.webp`, `${photo_key}-small.webp`])
  await expect.poll(filesThere).toEqual(files.sort())
}

/** Red, green and blue of the middle, near enough to tell one color from another. */
async function middle(bytes: Buffer) {
  const { info, data } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const at = (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2)) * info.channels
  return [...data.subarray(at, at + 3)].map((value) => Math.round(value / 255))
}

test.each(['jpeg', 'png', 'webp'] as const)(
  'a %s becomes two sizes of WebP, never enlarged',
  async (format) => {
    const { id } = await given.customer()
    const set = await setPhoto(id, await picture(format, { width: 3_000, height: 1_500 }), `image/${format}`)
    expect(set).toMatchObject({ status: 200, body: { id, version: 2, updated_by: operator.id } })
    const photoUrl = set.body.photo_url ?? ''
    expect(photoUrl).toMatch(new RegExp(`^/api/v1/customers/${id}/photo\\?v=[0-9a-f]{32}$`))

    for (const [query, width, height] of [
      ['', 1024, 512],
      ['&size=large', 1024, 512],
      ['&size=small', 128, 64],
    ] as const) {
      const { bytes, headers } = await look(photoUrl + query)
      expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width, height })
      expect(await middle(bytes)).toEqual([1, 0, 0])
      expect(headers.get('content-type')).toBe('image/webp')
    }
    const tiny = await givenPhoto({ width: 40, height: 30 })
    expect(await sharp((await look(tiny.photo_url ?? '')).bytes).metadata()).toMatchObject({
      width: 40,
      height: 30,
    })
  },
)

test('photo_url is in every reply, null without a photo, and another one with every other photo', async () => {
  const { id } = await given.customer({ company: 'Photographed Ltd' })
  const params = { id }
  expect((await call(getCustomer, { params })).body.photo_url).toBeNull()
  const first = (await setPhoto(id, await picture('png'))).body.photo_url
  expect((await call(getCustomer, { params })).body.photo_url).toBe(first)
  expect((await call(listCustomers, { query: { q: 'photographed' } })).body.results[0]?.photo_url).toBe(first)
  expect((await call(updateCustomer, { params, body: { first_name: 'Ned' } })).body.photo_url).toBe(first)
  const second = (await setPhoto(id, await picture('png', { color: '#2020c0' }))).body.photo_url
  expect(second).not.toBe(first)
  // Who still has the first URL is given the current photo, and no leave to keep it.
  const old = await look(first ?? '')
  expect(await middle(old.bytes)).toEqual([0, 0, 1])
  expect(old.headers.get('cache-control')).toBe('private, no-cache')
  await call(archiveCustomer, { params })
  expect((await call(restoreCustomer, { params })).body.photo_url).toBe(second)
})

test('a photo is private: kept by the browser that asked, shown as a picture and as nothing else', async () => {
  const { id, photo_url } = await givenPhoto()
  const { headers } = await look(photo_url ?? '')
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'image/webp',
    'cache-control': 'private, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox'),
    'content-disposition': `inline; filename="customer-${id}-large.webp"`,
    etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
    vary: 'authorization, cookie',
  })
  const again = await look(photo_url ?? '', { 'if-none-match': headers.get('etag') ?? '' })
  expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', headers.get('etag')])
  expect(
    (await look(`/api/v1/customers/${id}/photo?size=small`, { 'if-none-match': headers.get('etag') ?? '' }))
      .status,
  ).toBe(200)
  const head = await sendTo(url, { method: 'HEAD', path: photo_url ?? '', headers: { authorization } })
  expect([head.status, head.bytes.length]).toEqual([200, 0])
})

test('S01: a photo is for operators and admins; without credentials 401, for a customer 403, without a photo 404', async () => {
  const { id, photo_url } = await givenPhoto()
  const customer = await given.user()
  const path = photo_url ?? ''
  expect((await sendTo(url, { path })).status).toBe(401)
  expect((await sendTo(url, { path, headers: { authorization: `Bearer ${customer.token}` } })).status).toBe(
    403,
  )
  expect((await look(`/api/v1/customers/${(await given.customer()).id}/photo`)).status).toBe(404)
  expect((await look('/api/v1/customers/999999/photo')).status).toBe(404)
  const upload = asUpload(await picture())
  expect((await as(customer)(setCustomerPhoto, { params: { id }, upload })).status).toBe(403)
  expect((await as(customer)(removeCustomerPhoto, { params: { id } })).status).toBe(403)
  expect((await look(path)).status).toBe(200)
})

test('S05: whatever else a form names, the photo goes to the customer of the path', async () => {
  const [target, other] = [await given.customer(), await givenPhoto()]
  const stray = { photo: asUpload(await picture()), id: String(other.id), customer_id: String(other.id) }
  const refused = await sendForm('PUT', `/api/v1/customers/${target.id}/photo`, stray)
  expect(refused.status).toBe(422)
  expect((await call(getCustomer, { params: { id: target.id } })).body.photo_url).toBeNull()
  expect((await call(getCustomer, { params: { id: other.id } })).body).toEqual(other)
})

test('a form may bring the photo, to a customer who is there or to a new one', async () => {
  const { id } = await given.customer()
  const set = await sendForm('PUT', `/api/v1/customers/${id}/photo`, { photo: asUpload(await picture()) })
  expect([set.status, JSON.parse(set.text).photo_url]).toEqual([200, expect.any(String)])

  const fields = {
    first_name: 'Ed',
    last_name: 'Stark',
    phone: '+44 20 8366 1101',
    email: '',
    external_id: ' W-1 ',
  }
  const made = await sendForm('POST', '/api/v1/customers', { ...fields, photo: asUpload(await picture()) })
  const customer: Customer = JSON.parse(made.text)
  expect(made.status).toBe(201)
  expect(customer).toMatchObject({
    phone: '+442083661101',
    email: null,
    company: null,
    external_id: 'W-1',
    version: 1,
  })
  expect((await look(customer.photo_url ?? '')).status).toBe(200)
  const plain = await sendForm('POST', '/api/v1/customers', { first_name: 'Ed', last_name: 'Plain' })
  expect([plain.status, JSON.parse(plain.text).photo_url]).toEqual([201, null])
  // What a browser sends where no file was chosen.
  const none = await sendForm('POST', '/api/v1/customers', {
    ...fields,
    phone: '',
    external_id: '',
    photo: new Blob([]),
  })
  expect([none.status, JSON.parse(none.text).photo_url]).toEqual([201, null])
})

test.each([
  ['a field that is not known', { nickname: 'Ned' }, '/nickname'],
  ['an empty name', { last_name: '' }, '/last_name'],
  ['a phone number that is none', { phone: 'call me' }, '/phone'],
  ['a photo that is text', { photo: 'me.png' }, '/photo'],
  ['a file of another name', { avatar: new Blob(['x']) }, '/avatar', 'send it as the part `photo`'],
  ['U+0000', { last_name: 'S\0' }, '/last_name'],
])('a form for a new customer with %s is refused by name', async (_, wrong, pointer, says = '') => {
  const { status, text } = await sendForm('POST', '/api/v1/customers', {
    first_name: 'Ed',
    last_name: 'Stark',
    ...wrong,
  })
  const detail: unknown = expect.stringContaining(says)
  expect([status, JSON.parse(text).errors]).toEqual([422, [{ in: 'body', pointer, detail }]])
  await expectTidy()
})

test('a refused creation leaves no file behind', async () => {
  await given.customer({ phone: '+442083661102' })
  const fields = {
    first_name: 'Ed',
    last_name: 'Stark',
    phone: '+442083661102',
    photo: asUpload(await picture()),
  }
  expect((await sendForm('POST', '/api/v1/customers', fields)).status).toBe(409)
  await expectTidy()
})

test('removing erases the photo, and may be repeated', async () => {
  const { id } = await givenPhoto()
  const params = { id }
  expect((await call(removeCustomerPhoto, { params })).status).toBe(204)
  const after = (await call(getCustomer, { params })).body
  expect(after).toMatchObject({ photo_url: null, version: 3 })
  await expectTidy()
  expect((await call(removeCustomerPhoto, { params })).status).toBe(204)
  expect((await call(getCustomer, { params })).body).toEqual(after)
  expect((await call(removeCustomerPhoto, { params: { id: 999_999 } })).status).toBe(404)
  const { results } = (await call(listCustomerHistory, { params })).body
  expect(results.map(({ action, actor_id }) => [action, actor_id])).toEqual([
    ['customer.photo_removed', operator.id],
    ['customer.photo_changed', operator.id],
    ['customer.created', null],
  ])
})

test('a photo whose file is gone, as after a backup of the database alone, is not there, and can be sent again', async () => {
  const { id, photo_url } = await givenPhoto()
  const [row] = await rows<{ photo_key: string }>('select photo_key from customers where id = $1', [id])
  for (const size of ['large', 'small']) await ctx.files.delete(`${row?.photo_key}-${size}.webp`)
  expect((await look(`${photo_url}`)).status).toBe(404)
  expect((await setPhoto(id, await picture())).status).toBe(200)
  expect((await look((await call(getCustomer, { params: { id } })).body.photo_url ?? '')).status).toBe(200)
})

test("an archived customer's photo can be looked at, and not changed", async () => {
  const { id, photo_url } = await givenPhoto()
  await call(archiveCustomer, { params: { id } })
  expect((await look(photo_url ?? '')).status).toBe(200)
  expect((await setPhoto(id, await picture())).problem.type).toContain('customer_archived')
  expect((await call(removeCustomerPhoto, { params: { id } })).problem.type).toContain('customer_archived')
  await expectTidy()
})

test('If-Match keeps from overwriting, and what was stored for it is gone', async () => {
  const { id, photo_url, version } = await givenPhoto()
  const stale = await setPhoto(id, await picture(), 'image/png', { 'if-match': `"${version - 1}"` })
  expect(stale.status).toBe(412)
  await expectTidy()
  const blue = await picture('png', { color: '#2020c0' })
  const set = await setPhoto(id, blue, 'image/png', { 'if-match': `"${version}"` })
  expect(set.status).toBe(200)
  expect(set.body.photo_url).not.toBe(photo_url)
  await expectTidy()
})

test('under an Idempotency-Key a form is taken once, and is another one with another photo', async () => {
  const form = { first_name: 'Ed', last_name: 'Once', photo: asUpload(await picture()) }
  const key = { 'idempotency-key': 'photo-1' }
  const first = await sendForm('POST', '/api/v1/customers', form, key)
  const again = await sendForm('POST', '/api/v1/customers', form, key)
  expect([again.status, again.text, again.headers.get('idempotency-replayed')]).toEqual([
    201,
    first.text,
    'true',
  ])
  const other = { ...form, photo: asUpload(await picture('png', { color: '#2020c0' })) }
  expect((await sendForm('POST', '/api/v1/customers', other, key)).status).toBe(422)
  expect(await rows(`select id from customers where last_name = 'Once'`)).toHaveLength(1)
  await expectTidy()
})

test('a call repeated under its Idempotency-Key reads and stores nothing', async () => {
  const names: string[] = []
  const counting = await openTestDesk({
    beside: desk,
    files: { ...ctx.files, put: (name, bytes) => (names.push(name), ctx.files.put(name, bytes)) },
  })
  const form = { first_name: 'Ed', last_name: 'Thrice', photo: asUpload(await picture()) }
  const key = { 'idempotency-key': 'photo-2' }
  for (const replayed of [null, 'true', 'true']) {
    const answer = await sendForm('POST', '/api/v1/customers', form, key, counting.url)
    expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([201, replayed])
    expect(names).toHaveLength(2)
    expect((await look(JSON.parse(answer.text).photo_url)).status).toBe(200)
  }
  await expectTidy()
})

test('sent twice at once under one Idempotency-Key, one photo stays and nothing of the other', async () => {
  const form = { first_name: 'Ed', last_name: 'Twice', photo: asUpload(await picture()) }
  const send = () => sendForm('POST', '/api/v1/customers', form, { 'idempotency-key': 'photo-3' })
  const statuses = (await Promise.all([send(), send()])).map(({ status }) => status)
  expect(statuses).toContain(201)
  expect([201, 409]).toEqual(expect.arrayContaining(statuses))
  expect(await rows(`select id from customers where last_name = 'Twice'`)).toHaveLength(1)
  await expectTidy()
})

test('replaced again and again, a reader always gets the old photo or the new one, whole', async () => {
  const { id } = await givenPhoto()
  const colors = ['#c02020', '#20c020', '#2020c0']
  const pictures = await Promise.all(colors.map((color) => picture('png', { color })))
  const over = new AbortController()
  const reader = async () => {
    let read = 0
    while (!over.signal.aborted) {
      const { status, bytes } = await look(`/api/v1/customers/${id}/photo`)
      expect(status).toBe(200)
      const seen = await middle(bytes)
      expect([
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ]).toContainEqual(seen)
      read += 1
    }
    return read
  }
  const readers = [reader(), reader()]
  for (let round = 0; round < 12; round += 1) {
    const [photo = Buffer.alloc(0)] = pictures.slice(round % 3)
    expect((await setPhoto(id, photo)).status).toBe(200)
  }
  over.abort()
  expect((await Promise.all(readers)).every((read) => read > 5)).toBe(true)
})

test('set by many at once, one photo stays and nothing of the others', async () => {
  const { id } = await given.customer()
  const colors = ['#c02020', '#20c020', '#2020c0', '#c0c020']
  const answers = await Promise.all(
    colors.map(async (color) => setPhoto(id, await picture('png', { color }))),
  )
  expect(answers.map(({ status }) => status)).toEqual(colors.map(() => 200))
  expect((await call(getCustomer, { params: { id } })).body.version).toBe(5)
  await expectTidy()
})

test('S53: where, when and with what it was taken is not in what is kept; that it lay on its side is made right', async () => {
  // Red on the left and blue on the right, taken with the camera turned: it is to be shown with red above.
  const halves = await sharp(await picture('png', { width: 400, height: 200, color: '#2020c0' }))
    .composite([{ input: await picture('png', { width: 200, height: 200 }), left: 0, top: 0 }])
    .withExif({
      IFD0: { Make: 'Kodak-of-Winterfell', Copyright: 'Ned Stark' },
      IFD3: {
        GPSLatitude: '51/1 30/1 0/1',
        GPSLongitude: '0/1 7/1 0/1',
        GPSLatitudeRef: 'N',
        GPSLongitudeRef: 'W',
      },
    })
    .withXmp(
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>',
    )
    .withIccProfile('p3')
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer()
  const sent = await sharp(halves).metadata()
  expect([sent.orientation, sent.exif, sent.icc].every((part) => part !== undefined)).toBe(true)
  expect(halves.includes('Kodak-of-Winterfell')).toBe(true)

  const { id } = await given.customer()
  const { body } = await setPhoto(id, halves, 'image/jpeg')
  for (const size of ['large', 'small']) {
    const { bytes } = await look(`${body.photo_url}&size=${size}`)
    const kept = await sharp(bytes).metadata()
    expect([kept.exif, kept.xmp, kept.icc, kept.iptc, kept.orientation]).toEqual(Array.from({ length: 5 }))
    for (const trace of ['Kodak', 'Stark', 'GPS', 'xmpmeta', 'Exif', 'ICCP', 'EXIF', 'XMP '])
      expect(bytes.includes(trace), trace).toBe(false)
    expect((kept.height ?? 0) > (kept.width ?? 0)).toBe(true)
    const above = await sharp(bytes)
      .extract({ left: 0, top: 0, width: kept.width ?? 0, height: Math.floor((kept.height ?? 0) / 3) })
      .png()
      .toBuffer()
    expect((await middle(above))[0]).toBe(1)
  }
})

function logged() {
  const lines: object[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  return { log, lines }
}

describe('the sweep', async () => {
  const { log, lines } = logged()
  const anHourLater = { ...ctx, log, clock: () => ctx.clock() + 3_700_000 }
  const sweep = (context: Context = anHourLater) => tasksOf(context, secretKey)['sweep_files']?.work()

  test('erases what no row names once it is an hour old, and nothing else', async () => {
    const { photo_url } = await givenPhoto()
    await expectTidy()
    const stray = `${'ab'.repeat(16)}-large.webp`
    await ctx.files.put(stray, Buffer.from('stray'))
    await ctx.files.put(`${stray}.0123456789ab.tmp`, Buffer.from('cut off'))
    await sweep(ctx)
    expect(await filesThere()).toContain(stray)
    await sweep()
    await expectTidy()
    expect((await look(photo_url ?? '')).status).toBe(200)
    expect(lines).toEqual([])
  })

  test('leaves what bears no name of ours, as in a bucket that is another’s, and says so once', async () => {
    const key = 'ab'.repeat(16)
    const strangers = [`${key}-huge.webp`, `${key}-large.webp.bak`, `${key.toUpperCase()}-large.webp`]
    strangers.push(`old-${key}-large.webp`, `${key}-large.webp.tmp`, 'accounts-2025.pdf')
    for (const name of strangers) await ctx.files.put(name, Buffer.from('precious'))
    await ctx.files.put(`${key}-small.webp`, Buffer.from('stray'))
    await sweep()
    const there = await filesThere()
    expect(strangers.filter((name) => !there.includes(name))).toEqual([])
    expect(lines).toMatchObject([{ files: strangers.length, msg: expect.stringContaining('did not write') }])
    for (const name of strangers) await ctx.files.delete(name)
    await expectTidy()
  })
})

describe('erasing', async () => {
  const { promise: ready, resolve: beReady } = Promise.withResolvers<void>()
  const { log, lines } = logged()
  const slow = await openTestDesk({
    beside: desk,
    files: { ...ctx.files, delete: (name) => ready.then(() => ctx.files.delete(name)) },
  })
  const failing = await openTestDesk({
    beside: desk,
    log,
    files: { ...ctx.files, delete: () => Promise.reject(new Error('The store is away')) },
  })

  test('takes its time behind an answer, and nobody waits for it', async () => {
    const { id } = await givenPhoto()
    await expectTidy()
    const params = { id }
    const upload = asUpload(await picture('png', { color: '#20c020' }))
    const before = (await filesThere()).length
    const set = await slow.as(operator)(setCustomerPhoto, { params, upload })
    const refused = await slow.as(operator)(setCustomerPhoto, { params, upload }, { 'if-match': '"1"' })
    const removed = await slow.as(operator)(removeCustomerPhoto, { params })
    expect([set.status, refused.status, removed.status]).toEqual([200, 412, 204])
    expect((await filesThere()).length).toBe(before + 4)
    beReady()
    await expectTidy()
  })

  test('may fail: it is logged, nobody hears of it, and the sweep makes up for it', async () => {
    const { id } = await givenPhoto()
    const upload = asUpload(await picture('png', { color: '#20c020' }))
    expect((await failing.as(operator)(setCustomerPhoto, { params: { id }, upload })).status).toBe(200)
    await expect.poll(() => lines).toMatchObject([{ err: { message: 'The store is away' }, level: 40 }])
    await tasksOf({ ...ctx, clock: () => ctx.clock() + 3_700_000 }, secretKey)['sweep_files']?.work()
    await expectTidy()
  })
})

test('replaced between the look at the row and the look at the file, the new photo is read', async () => {
  const { id } = await givenPhoto()
  const blue = await picture('png', { color: '#2020c0' })
  let replacing: Promise<unknown> | undefined
  const late = await openTestDesk({
    beside: desk,
    files: {
      ...ctx.files,
      async get(name) {
        replacing ??= (async () => {
          await setPhoto(id, blue)
          await expect.poll(() => fileBytes(ctx.files, name)).toBeUndefined()
        })()
        await replacing
        return ctx.files.get(name)
      },
    },
  })
  const { status, bytes, headers } = await sendTo(late.url, {
    path: `/api/v1/customers/${id}/photo`,
    headers: { authorization },
  })
  expect([status, await middle(bytes)]).toEqual([200, [0, 0, 1]])
  expect(headers.get('etag')).toBe((await look(`/api/v1/customers/${id}/photo`)).headers.get('etag'))
})

describe('while files are slow or fail', async () => {
  const disk = await openStores()
  afterAll(() => disk.close())
  const { promise: ready, resolve: beReady } = Promise.withResolvers<void>()
  const slow = await openTestDesk({
    beside: desk,
    files: { ...ctx.files, put: (...file) => ready.then(() => ctx.files.put(...file)) },
  })
  await writeFile(join(disk.folder, 'no-folder'), '')
  const broken = await openTestDesk({
    beside: desk,
    files: await openFiles({ dataDir: join(disk.folder, 'no-folder'), s3: undefined }),
  })

  test('no connection to the database is held by a call that waits for them', async () => {
    const { id, version } = await givenPhoto()
    const upload = asUpload(await picture('png', { color: '#20c020' }))
    const headers = { 'if-match': `"${version}"` }
    const waiting = slow.as(operator)(setCustomerPhoto, { params: { id }, upload }, headers)
    await pause(700)
    const pool = slow.ctx.db as Pool
    expect([pool.totalCount > 0, pool.idleCount]).toEqual([true, pool.totalCount])
    beReady()
    expect(await waiting).toMatchObject({ status: 200 })
  })

  test('a store that fails is no success, and the old photo stays', async () => {
    const { id, photo_url } = await givenPhoto()
    const upload = asUpload(await picture('png', { color: '#20c020' }))
    const failed = await broken.as(operator)(setCustomerPhoto, { params: { id }, upload })
    expect([failed.status, failed.problem.detail]).toEqual([503, expect.stringContaining('file store')])
    expect((await call(getCustomer, { params: { id } })).body.photo_url).toBe(photo_url)
    expect((await look(photo_url ?? '')).status).toBe(200)
  })
})
