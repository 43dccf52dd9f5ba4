// The file store in a bucket: against a server in this process, and by `npm run test:s3` against a real one.
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { startFauxqs } from 'fauxqs'
import { afterAll, describe, expect, test } from 'vitest'
import { deletePost, getCustomer, type Post, setCustomerPhoto } from '../contract/index.ts'
import { readConfig } from '../server/config.ts'
import { tasksOf } from '../server/desk.ts'
import { openFiles } from '../server/files/open-files.ts'
import { openTestDesk, secretKey } from './support/desk.ts'
import { fileBytes } from './support/file-bytes.ts'
import { fileStorePromises } from './support/file-store-promises.ts'
import { asUpload, picture } from './support/photos.ts'
import { sendTo } from './support/send.ts'

/** Set by `npm run test:s3`. */
const real = process.env['TEST_S3_ENDPOINT']

async function serverInProcess() {
  const server = await startFauxqs({ port: 0, logger: false })
  afterAll(() => server.stop())
  return `http://127.0.0.1:${server.port}`
}

const endpoint = real ?? (await serverInProcess())
const env = {
  S3_ENDPOINT: endpoint,
  S3_REGION: 'us-east-1',
  S3_BUCKET: `frontdesk-${process.pid}-${Date.now()}`,
  S3_ACCESS_KEY_ID: process.env['TEST_S3_ACCESS_KEY_ID'] ?? 'test',
  S3_SECRET_ACCESS_KEY: process.env['TEST_S3_SECRET_ACCESS_KEY'] ?? 'test',
}
const { s3 } = readConfig(env)
if (!s3) throw new Error('S3 is configured')
const { accessKeyId, secretAccessKey, region, bucket } = s3
const admin = new S3Client({
  endpoint,
  region,
  forcePathStyle: true,
  credentials: { accessKeyId, secretAccessKey },
})
await admin.send(new CreateBucketCommand({ Bucket: bucket }))
afterAll(() => admin.destroy())

const files = await openFiles({ dataDir: '/nowhere', s3 })

describe('files in S3', () => {
  fileStorePromises(() => files)
})

test('more files than one answer names are listed all the same', { timeout: 60_000 }, async () => {
  const names = Array.from({ length: 1_005 }, (_, n) => `many-${String(n).padStart(4, '0')}`)
  for (let from = 0; from < names.length; from += 50)
    await Promise.all(names.slice(from, from + 50).map((name) => files.put(name, Buffer.from('x'))))
  const listed = new Set<string>()
  for await (const { name } of files.list()) listed.add(name)
  expect(names.filter((name) => !listed.has(name))).toEqual([])
})

test('a photo goes there and comes back, and of one that is replaced nothing is left', async () => {
  const { as, given, url } = await openTestDesk({ files })
  const operator = await given.operator()
  const call = as(operator)
  const { id } = await given.customer()
  const before = await count()
  for (const color of ['#c02020', '#2020c0']) {
    const upload = asUpload(await picture('png', { color }))
    expect((await call(setCustomerPhoto, { params: { id }, upload })).status).toBe(200)
  }
  const { photo_url } = (await call(getCustomer, { params: { id } })).body
  const headers = { authorization: `Bearer ${operator.token}` }
  const { status, bytes } = await sendTo(url, { path: photo_url ?? '', headers })
  expect([status, bytes.toString('latin1', 8, 12)]).toEqual([200, 'WEBP'])
  await expect.poll(count).toBe(before + 2)
})

test('attachments go there and come back, the same content once, and the sweep takes what no post has', async () => {
  const { as, ctx, given, rows, url } = await openTestDesk({ files })
  const operator = await given.operator()
  const headers = { authorization: `Bearer ${operator.token}` }
  const { id } = await given.request()
  const before = await count()
  const content = `It is cold here: ${before}`
  const posts: Post[] = []
  for (const name of ['a.txt', 'b.txt']) {
    const body = new FormData()
    body.append('message', 'See here')
    body.append('attachments', new Blob([content], { type: 'text/plain' }), name)
    const { text } = await sendTo(url, { method: 'POST', path: `/api/v1/tickets/${id}/posts`, headers, body })
    posts.push(JSON.parse(text) as Post)
  }
  await expect.poll(count).toBe(before + 1)
  for (const { attachments } of posts)
    expect((await sendTo(url, { path: attachments[0]?.url ?? '', headers })).text).toBe(content)
  const [row] = await rows<{ key: string }>('select key from attachment_files')
  const sweep = tasksOf({ ...ctx, clock: () => ctx.clock() + 3_700_000 }, secretKey)['sweep_files']
  const there: (string | undefined)[] = []
  for (const post of posts) {
    await as(operator)(deletePost, { params: { id: post.id } })
    await sweep?.work()
    there.push((await fileBytes(files, row?.key ?? ''))?.toString())
  }
  expect(there).toEqual([content, undefined])
})

test.each(['refuses', 'says nothing'])(
  'while the server %s, calls that need it hear 503 soon',
  { timeout: 30_000 },
  async (how) => {
    const silent = createServer((socket) => (how === 'refuses' ? socket.destroy() : undefined)).listen(
      0,
      '127.0.0.1',
    )
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const gone = await openFiles({ dataDir: '/nowhere', s3: { ...s3, endpoint: `http://127.0.0.1:${port}` } })
    const began = performance.now()
    const calls = await Promise.allSettled([
      gone.put('ab', Buffer.from('x')),
      gone.get('ab'),
      gone.delete('ab'),
    ])
    expect(calls).toMatchObject(calls.map(() => ({ status: 'rejected', reason: { status: 503 } })))
    // An answer may take 15 s.
    expect(performance.now() - began).toBeLessThan(12_000)
    silent.close()
  },
)

async function count() {
  let there = 0
  for await (const _ of files.list()) there += 1
  return there
}
