// Attachments of posts: what is taken and how it comes back, who may read it, and that files and rows agree.
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import {
  type Attachment,
  deletePost,
  getPost,
  listPostHistory,
  listPosts,
  type Post,
  type Ticket,
} from '../contract/index.ts'
import type { Context } from '../server/context.ts'
import { tasksOf } from '../server/desk.ts'
import { inTransaction } from '../server/db/transaction.ts'
import { unavailable } from '../server/errors.ts'
import { attachments, posts } from '../server/tickets/index.ts'
import { openTestDesk, secretKey } from './support/desk.ts'
import { docx, ods, odt, pdf, pptx, xlsx, zipOf } from './support/documents.ts'
import { fileBytes } from './support/file-bytes.ts'
import type { TestUser } from './support/given.ts'
import { picture } from './support/photos.ts'
import { sendTo } from './support/send.ts'

const desk = await openTestDesk()
const { as, given, rows, url, ctx } = desk
const operator = await given.operator()
const customer = await given.user()
const customer_id = await given.own(customer)
const { id: ticket_id } = await given.request({ customer_id })
const thread = `/api/v1/tickets/${ticket_id}/posts`

interface Sent {
  readonly name: string
  readonly type: string
  readonly bytes: Buffer
}

const winter: Sent = { name: 'winter.txt', type: 'text/plain', bytes: Buffer.from('It is cold here.\n') }
const differing = (length = 100): Sent => ({
  ...winter,
  bytes: Buffer.from(randomBytes(length / 2).toString('hex')),
})

interface SendOptions {
  readonly path?: string
  readonly fields?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly at?: string
}

function send(who: TestUser, files: readonly Sent[], options: SendOptions = {}) {
  const { path = thread, fields = { message: 'See here' }, headers = {}, at = url } = options
  const body = new FormData()
  for (const [name, value] of Object.entries(fields)) body.append(name, value)
  for (const { name, type, bytes } of files)
    body.append('attachments', new Blob([new Uint8Array(bytes)], { type }), name)
  return sendTo(at, {
    method: 'POST',
    path,
    headers: { authorization: `Bearer ${who.token}`, ...headers },
    body,
  })
}

async function attach(who: TestUser, files: readonly Sent[], options: SendOptions = {}): Promise<Post> {
  const { status, text } = await send(who, files, options)
  expect(status, text).toBe(201)
  return JSON.parse(text) as Post
}

const look = (who: TestUser, { url: path }: Pick<Attachment, 'url'>, headers = {}) =>
  sendTo(url, { path, headers: { authorization: `Bearer ${who.token}`, ...headers } })

const filesThere = async () => {
  const names: string[] = []
  for await (const { name } of ctx.files.list()) names.push(name)
  return names.sort()
}

/** There are the files that rows name, and no others: at once or, since nobody waits for that, a moment later. */
async function expectTidy() {
  const named = await rows<{ key: string }>('select key from attachment_files order by key')
  await expect.poll(filesThere).toEqual(named.map(({ key }) => key))
}

const first = ({ attachments }: Post): Attachment => {
  const [attachment] = attachments
  if (!attachment) throw new Error('The post has no attachment')
  return attachment
}

const wordType = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
const documents: readonly (readonly [string, Sent])[] = [
  ['a PDF', { name: 'bill.pdf', type: 'application/pdf', bytes: pdf() }],
  ['a text', winter],
  ['a table', { name: 'prices.csv', type: 'text/csv', bytes: Buffer.from('a;b\r\n1;ü\r\n') }],
  ['a Word document', { name: 'letter.docx', type: wordType, bytes: docx() }],
  [
    'a Word document in a large archive',
    { name: 'letter.docx', type: wordType, bytes: docx([], { is64: true }) },
  ],
  [
    'an Excel sheet',
    {
      name: 'sum.xlsx',
      type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      bytes: xlsx(),
    },
  ],
  [
    'a PowerPoint presentation',
    {
      name: 'show.pptx',
      type: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
      bytes: pptx(),
    },
  ],
  [
    'an OpenDocument text',
    { name: 'letter.odt', type: 'application/vnd.oasis.opendocument.text', bytes: odt() },
  ],
  [
    'an OpenDocument sheet',
    { name: 'sum.ods', type: 'application/vnd.oasis.opendocument.spreadsheet', bytes: ods() },
  ],
]

test.each(documents)('%s comes back as it was sent, for download alone', async (_, sent) => {
  for (const type of [sent.type, 'application/octet-stream']) {
    const post = await attach(customer, [{ ...sent, type }])
    const [{ id, name, media_type }] = [first(post)]
    expect(post.attachments).toEqual([
      { id, name, media_type, bytes: sent.bytes.length, url: `/api/v1/attachments/${id}` },
    ])
    expect([name, media_type]).toEqual([sent.name, sent.type])
    const { bytes, headers } = await look(operator, first(post))
    expect(bytes.equals(sent.bytes)).toBe(true)
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${sent.name}"; filename*=UTF-8''${sent.name}`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/default-src 'none'.*sandbox/),
      'cache-control': 'private, no-cache',
      vary: 'authorization, cookie',
    })
  }
})

test.each(['jpeg', 'png', 'webp'] as const)(
  'S53: a %s is kept as our own WebP, upright, of 2560 pixels at most, and can be shown',
  async (format) => {
    const large = await sharp(await picture(format, { width: 3_200, height: 1_600 }))
      .withExif({ IFD0: { Make: 'Kodak-of-Winterfell' } })
      .withMetadata({ orientation: 6 })
      .toFormat(format)
      .toBuffer()
    expect(large.includes('Kodak-of-Winterfell')).toBe(true)
    const post = await attach(customer, [{ name: `Castle.${format}`, type: `image/${format}`, bytes: large }])
    expect(first(post)).toMatchObject({ name: 'Castle.webp', media_type: 'image/webp' })
    const { bytes, headers } = await look(customer, first(post))
    expect(bytes.length).toBe(first(post).bytes)
    const kept = await sharp(bytes).metadata()
    expect(kept).toMatchObject({ format: 'webp', width: 1_280, height: 2_560 })
    expect([kept.exif, kept.xmp, kept.icc]).toEqual([undefined, undefined, undefined])
    expect(bytes.includes('Kodak')).toBe(false)
    expect(headers.get('content-type')).toBe('image/webp')
    expect(headers.get('content-disposition')).toBe(
      `inline; filename="Castle.webp"; filename*=UTF-8''Castle.webp`,
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  },
)

test('five files come with one post, in their order, and are in every reply of it; a text has the message to itself', async () => {
  const names = ['5.txt', '4.txt', '3.txt', '2.txt', '1.txt']
  const message = 'Line one\nLine two'
  const post = await attach(
    customer,
    names.map((name) => ({ ...differing(), name })),
    { fields: { message } },
  )
  expect(post.message).toBe(message)
  expect(post.attachments.map(({ name }) => name)).toEqual(names)
  expect((await as(customer)(getPost, { params: { id: post.id } })).body).toEqual(post)
  const { results } = (await as(operator)(listPosts, { params: { id: ticket_id }, query: { limit: 100 } }))
    .body
  expect(results.find(({ id }) => id === post.id)).toEqual(post)
  expect(results[0]?.attachments).toEqual([])
  const { results: history } = (await as(operator)(listPostHistory, { params: { id: post.id } })).body
  expect(history[0]?.changes['attachments']).toEqual({ from: null, to: post.attachments })
})

test('a ticket is opened with attachments: they are those of the ask', async () => {
  for (const [path, pick] of [
    ['/api/v1/tickets', (text: string) => (JSON.parse(text) as Ticket).id],
    ['/api/newticket/', (text: string) => (JSON.parse(text) as { id: number }).id],
  ] as const) {
    const fields = { subject: 'Winter', message: 'See here' }
    const opened = await send(customer, [winter], { path, fields })
    expect(opened.status, opened.text).toBe(201)
    const { results } = (await as(customer)(listPosts, { params: { id: pick(opened.text) } })).body
    expect(results).toMatchObject([{ message: 'See here', attachments: [{ name: 'winter.txt' }] }])
    const [event] = await rows(
      `select after -> 'attachments' -> 0 ->> 'name' as name from audit_events where action = 'ticket.created' and record_id = $1`,
      [pick(opened.text)],
    )
    expect(event).toEqual({ name: 'winter.txt' })
  }
})

test('a brief reply brings them along; one to a ticket that ended long ago puts them into its follow-up', async () => {
  const brief = await send(customer, [winter], { path: `/api/tickets/${ticket_id}/reply/` })
  const { id } = JSON.parse(brief.text) as { id: number }
  expect((await as(customer)(getPost, { params: { id } })).body.attachments).toHaveLength(1)

  const ended = await given.request({ customer_id, status: 'REJECTED' })
  const post = await attach(customer, [winter], { path: `/api/v1/tickets/${ended.id}/posts` })
  expect(post.ticket_id).not.toBe(ended.id)
  expect((await look(customer, first(post))).status).toBe(200)
})

describe('who may read an attachment', () => {
  test('its customer and the staff; for everybody else it is not there (S01)', async () => {
    const attachment = first(await attach(customer, [winter]))
    for (const who of [customer, operator, await given.admin()])
      expect((await look(who, attachment)).status).toBe(200)
    const stranger = await given.user()
    await given.own(stranger)
    const other = await look(stranger, attachment)
    const absent = await look(stranger, { url: '/api/v1/attachments/999999' })
    const bodyOf = ({ text }: { text: string }) => ({
      ...JSON.parse(text),
      request_id: '',
      instance: '',
      detail: '',
    })
    expect([other.status, absent.status]).toEqual([404, 404])
    expect(bodyOf(other)).toEqual(bodyOf(absent))
    expect((await sendTo(url, { path: attachment.url })).status).toBe(401)
    // A tag tells nobody that it is there.
    const { headers } = await look(customer, attachment)
    const asked = { 'if-none-match': headers.get('etag') ?? '' }
    expect((await look(stranger, attachment, asked)).status).toBe(404)
    expect((await look(customer, attachment, asked)).status).toBe(304)
    expect((await look(customer, attachment, { 'if-none-match': '"other"' })).status).toBe(200)
  })

  test('of a note, the staff alone (S05)', async () => {
    const note = await attach(operator, [winter], { fields: { message: 'Between us', internal: 'true' } })
    expect(note.internal).toBe(true)
    expect((await look(operator, first(note))).status).toBe(200)
    expect((await look(customer, first(note))).status).toBe(404)
    const refused = await send(customer, [winter], { fields: { message: 'x', internal: 'true' } })
    expect(refused.status).toBe(403)
    for (const internal of ['yes', '1', 'TRUE', ''])
      expect((await send(operator, [winter], { fields: { message: 'x', internal } })).status).toBe(422)
    await expectTidy()
  })

  test('of a deleted post, nobody; what it had stays in its history, and the sweep takes the file', async () => {
    const file = differing()
    const post = await attach(customer, [file, winter])
    expect((await as(customer)(deletePost, { params: { id: post.id } })).status).toBe(204)
    for (const attachment of post.attachments)
      for (const who of [customer, operator]) expect((await look(who, attachment)).status).toBe(404)
    expect((await as(operator)(getPost, { params: { id: post.id } })).body.attachments).toEqual([])
    const { results } = (await as(operator)(listPostHistory, { params: { id: post.id } })).body
    expect(results[0]?.changes['attachments']).toEqual({ from: post.attachments, to: [] })
    const before = await filesThere()
    await sweep()
    // The other one is that of other posts, too.
    expect((await filesThere()).length).toBe(before.length - 1)
    await expectTidy()
  })

  test('what is attached to a ticket of somebody else is refused, and nothing stays (S05)', async () => {
    const stranger = await given.user()
    await given.own(stranger)
    const count = async () => (await rows('select from attachments')).length
    const before = await count()
    expect((await send(stranger, [differing()])).status).toBe(404)
    expect((await send(stranger, [differing()], { path: '/api/v1/tickets/999999/posts' })).status).toBe(404)
    const archived = await given.request({ customer_id, status: 'COMPLETED', archived: true })
    expect(
      (await send(customer, [differing()], { path: `/api/v1/tickets/${archived.id}/posts` })).status,
    ).toBe(409)
    expect(await count()).toBe(before)
    await expectTidy()
  })
})

/** A desk in whose store this file alone is more than an hour old. */
const inWhichIsOld = (key: string | undefined) => ({
  ...ctx,
  files: {
    ...ctx.files,
    async *list() {
      for await (const file of ctx.files.list()) yield file.name === key ? { ...file, modified: 0 } : file
    },
  },
})

const sweep = (context: Context = { ...ctx, clock: () => ctx.clock() + 3_700_000 }) =>
  tasksOf(context, secretKey)['sweep_files']?.work()

describe('the same content', () => {
  test('is kept once, of many posts at once too, and as long as one of them has it', async () => {
    const file = differing()
    const before = (await filesThere()).length
    const all = await Promise.all([customer, operator, customer].map((who) => attach(who, [file, file])))
    await expectTidy()
    expect((await filesThere()).length).toBe(before + 1)
    const [kept, ...others] = all
    for (const { id, author_id } of others)
      await as(author_id === customer.id ? customer : operator)(deletePost, { params: { id } })
    await sweep()
    for (const attachment of kept?.attachments ?? [])
      expect((await look(customer, attachment)).bytes.equals(file.bytes)).toBe(true)
  })

  test('in another order waits for nobody for ever', async () => {
    const [one, two] = [differing(), differing()]
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        send(n % 3 ? customer : operator, n % 2 ? [one, two] : [two, one]),
      ),
    )
    expect(all.map(({ status }) => (status === 429 ? 201 : status))).toEqual(all.map(() => 201))
    await expectTidy()
  })

  /** A content that was that of a post, long ago. */
  async function forgotten() {
    const file = differing()
    const { id } = await attach(customer, [file])
    await as(customer)(deletePost, { params: { id } })
    await expectTidy()
    const [old] = await rows<{ key: string }>(
      `update attachment_files set used_at = now() - interval '2 hours'
       where sha256 not in (select sha256 from attachments) returning key`,
    )
    return { file, key: old?.key ?? '' }
  }

  const stored: string[] = []
  const say = async (context: Context, file: Sent) => {
    const files = await attachments.store(context, [file], (key) => stored.push(key))
    const actor = {
      user_id: customer.id,
      credential: null,
      scopes: null,
      role: 'customer',
      request_id: 'test',
    } as const
    return posts.create(context, actor, ticket_id, { message: 'Again' }, files)
  }

  test('sent again while the sweep looks at it: the sweep waits, and leaves it', async () => {
    const { file, key } = await forgotten()
    let sweeping: Promise<unknown> | undefined
    const post = await inTransaction(ctx, async (inside) => {
      const said = await say(inside, file)
      sweeping = sweep(inWhichIsOld(key))
      await pause(200)
      return said
    })
    await sweeping
    await attachments.eraseUnused(ctx, stored)
    expect((await look(customer, first(post))).bytes.equals(file.bytes)).toBe(true)
    expect(await filesThere()).toContain(key)
  })

  test('sent again while the sweep takes it: the post waits, and has a file of its own', async () => {
    const { file, key } = await forgotten()
    let saying: Promise<Post> | undefined
    await inTransaction(ctx, async (inside) => {
      expect(await attachments.attachmentFiles.inUse(inside, [key], inside.clock())).toEqual([])
      saying = say(ctx, file)
      await pause(200)
    })
    await ctx.files.delete(key)
    const post = (await saying) as Post
    expect((await look(customer, first(post))).bytes.equals(file.bytes)).toBe(true)
    await expectTidy()
  })

  test('sent again and again while the sweep runs, it is always there', async () => {
    for (let round = 0; round < 15; round += 1) {
      const { file, key } = await forgotten()
      const [post] = await Promise.all([attach(customer, [file]), sweep(inWhichIsOld(key))])
      expect((await look(customer, first(post))).bytes.equals(file.bytes)).toBe(true)
    }
    await expectTidy()
  })
})

test('the sweep leaves what is new, and takes what is an hour old and nobody’s', async () => {
  const stray = `${'ab'.repeat(32)}-${'0'.repeat(16)}`
  await ctx.files.put(stray, Buffer.from('stray'))
  await ctx.files.put(`${stray}.0123456789ab.tmp`, Buffer.from('cut off'))
  await sweep(ctx)
  expect(await filesThere()).toContain(stray)
  await sweep()
  await expectTidy()
})

test('S39: under an Idempotency-Key a form happens once, and is another one with another file or name', async () => {
  const key = { 'idempotency-key': 'attached-1' }
  const file = differing()
  const [once, again] = [
    await send(customer, [file], { headers: key }),
    await send(customer, [file], { headers: key }),
  ]
  expect([once.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 201, 'true'])
  expect(again.text).toBe(once.text)
  expect((await send(customer, [differing()], { headers: key })).status).toBe(422)
  expect((await send(customer, [{ ...file, name: 'other.txt' }], { headers: key })).status).toBe(422)
  const racing = await Promise.all(
    Array.from({ length: 4 }, () =>
      send(customer, [differing(), file], { headers: { 'idempotency-key': 'attached-2' } }),
    ),
  )
  expect(racing.filter(({ status }) => status === 201)).toHaveLength(1)
  await expectTidy()
})

test('a file that the store has lost is not there, and the post is', async () => {
  const post = await attach(customer, [differing()])
  const [row] = await rows<{ key: string }>(
    'select key from attachment_files join attachments using (sha256) where attachments.id = $1',
    [first(post).id],
  )
  const bytes = (await fileBytes(ctx.files, row?.key ?? '')) ?? Buffer.alloc(0)
  await ctx.files.delete(row?.key ?? '')
  expect((await look(customer, first(post))).status).toBe(404)
  expect((await as(customer)(getPost, { params: { id: post.id } })).status).toBe(200)
  await ctx.files.put(row?.key ?? '', bytes)
})

test('while files cannot be stored nothing is said, and the caller may try again', async () => {
  const failing = await openTestDesk({
    beside: desk,
    files: { ...ctx.files, put: () => Promise.reject(unavailable('The store is away.')) },
  })
  const count = async () => (await rows('select from posts')).length
  const before = await count()
  const answer = await fetch(new URL(thread, failing.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${customer.token}` },
    body: formOf(winter),
  })
  expect(answer.status).toBe(503)
  expect(await count()).toBe(before)
})

function formOf({ name, type, bytes }: Sent) {
  const body = new FormData()
  body.append('message', 'See here')
  body.append('attachments', new Blob([new Uint8Array(bytes)], { type }), name)
  return body
}

test('a call without files is as it was, also as a form', async () => {
  const post = await attach(customer, [])
  expect(post.attachments).toEqual([])
  const none = new FormData()
  none.append('message', 'No file was chosen')
  none.append('attachments', new Blob([]), '')
  const headers = { authorization: `Bearer ${customer.token}` }
  const { status, text } = await sendTo(url, { method: 'POST', path: thread, headers, body: none })
  expect([status, (JSON.parse(text) as Post).attachments]).toEqual([201, []])
  const long = await attach(customer, [], { fields: { message: '€'.repeat(100_000) } })
  expect(long.message).toHaveLength(100_000)
  expect((await send(customer, [], { fields: { message: '€'.repeat(100_001) } })).status).toBe(422)
})

test('an archive is no document', async () => {
  const { status, text } = await send(customer, [
    { name: 'a.zip', type: 'application/zip', bytes: zipOf([['a.txt', 'x']]) },
  ])
  expect([status, JSON.parse(text)]).toMatchObject([
    415,
    {
      detail: expect.stringMatching(/^\/attachments\/0 must be a JPEG/),
      errors: [{ in: 'body', pointer: '/attachments/0', detail: expect.stringMatching(/^must be a JPEG/) }],
    },
  ])
})

test.each([
  ['Latin-1', Buffer.from('Gr\xfc\xdfe', 'latin1')],
  ['UTF-16', Buffer.from('\uFEFFhello', 'utf16le')],
])('of text in %s it is said how it is taken', async (_, bytes) => {
  const { status, text } = await send(customer, [winter, { ...winter, bytes }])
  expect([status, JSON.parse(text).detail]).toEqual([
    415,
    '/attachments/1 must be in UTF-8, if it is text: save it in that encoding',
  ])
})
