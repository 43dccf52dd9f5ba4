// What one customer may send within an hour: it stays, each text that was edited too, and takes space.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import {
  createPost,
  getMe,
  listMyTokens,
  openTicket,
  reauthenticateMe,
  revokeMyToken,
  updatePost,
} from '../contract/index.ts'
import { openTestDesk, type TestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'

const desk = await openTestDesk({ rateLimit: true })
const kibibyte = 1024
const mebibyte = kibibyte ** 2

/** A customer with a ticket of theirs. */
async function customerOf({ given }: TestDesk) {
  const user = await given.user()
  const { id } = await given.request({ customer_id: await given.own(user) })
  return { ...user, ticket: id, authorization: `Bearer ${user.token}` }
}

type Customer = Awaited<ReturnType<typeof customerOf>>

/** A body of so many bytes that makes a post. */
const postOf = (bytes: number) => `{"message":"${'x'.repeat(bytes - '{"message":""}'.length)}"}`

/** In pieces, without saying how long it is. */
const inPieces = (body: string | Buffer) => {
  const [bytes, piece] = [Buffer.from(body), 64 * kibibyte]
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, (at += piece)))
      else controller.close()
    },
  })
}

async function send(
  { authorization, ticket }: Customer,
  body: string | Buffer | ReadableStream,
  type = 'application/json',
) {
  const headers = { authorization, 'content-type': type }
  const path = `/api/v1/tickets/${ticket}/posts`
  const init = { method: 'POST', headers, body: body as NonNullable<RequestInit['body']> }
  const answer =
    body instanceof ReadableStream
      ? await fetch(desk.url + path, { ...init, duplex: 'half' })
      : await sendTo(desk.url, { ...init, path })
  return { status: answer.status, headers: answer.headers, ...told(answer.headers) }
}

/** What is told of the limit. */
function told(headers: Headers) {
  const [, policy, left, seconds] = /^"([\w-]+)";r=(\d+);t=(\d+)$/.exec(headers.get('ratelimit') ?? '') ?? []
  expect(headers.get('ratelimit-policy')).toContain(`"${policy}";q=`)
  return { policy, left: Number(left), seconds: Number(seconds) }
}

/** All that is kept of posts, and of what they said before, in bytes. */
const keptBytes = async () =>
  Number(
    (
      await desk.rows<{ bytes: string }>(
        `select sum(octet_length(before::text) + octet_length(after::text)) as bytes from audit_events where record_type = 'post'`,
      )
    )[0]?.bytes ?? 0,
  )

test('whoever has sent too much can still end what lets them in', async () => {
  const customer = await customerOf(desk)
  while ((await send(customer, postOf(500 * kibibyte))).status !== 429);
  const as = desk.as(customer)
  expect((await as(openTicket, { body: { subject: 'More', message: 'of it' } })).status).toBe(429)
  expect((await as(reauthenticateMe, { body: { password: 'wrong' } })).status).not.toBe(429)
  const [token] = (await as(listMyTokens, {})).body.results
  expect((await as(revokeMyToken, { params: { id: token?.id ?? 0 } })).status).toBe(204)
})

test('a call counts once for each 16 KiB of its body that are begun, however it comes', async () => {
  const customer = await customerOf(desk)
  expect(await send(customer, postOf(100))).toMatchObject({ status: 201, policy: 'writes', left: 1_199 })
  expect(await send(customer, postOf(16 * kibibyte))).toMatchObject({ left: 1_198 })
  expect(await send(customer, postOf(16 * kibibyte + 1))).toMatchObject({ left: 1_196 })
  expect(await send(customer, postOf(50 * kibibyte))).toMatchObject({ status: 201, left: 1_192 })
  expect(await send(customer, inPieces(postOf(50 * kibibyte)))).toMatchObject({ status: 201, left: 1_188 })
  expect(await send(customer, inPieces(postOf(100)))).toMatchObject({ status: 201, left: 1_187 })
  // What reads takes no space.
  expect(told((await desk.as(customer)(getMe, {})).headers).policy).toBe('user')
})

test(
  'edits of large texts are kept within an hour’s worth, exactly, however many are sent at once',
  { timeout: 30_000 },
  async () => {
    const customer = await customerOf(desk)
    const params = { id: customer.ticket }
    const { id } = (await desk.as(customer)(createPost, { params, body: { message: 'It is cold' } })).body
    // What is refused counts, too.
    for (let n = 0; n < 30; n += 1)
      expect((await send(customer, postOf(512 * kibibyte))).status, 'longer than a message may be').toBe(422)
    const before = await keptBytes()
    const message = (edit: number) => `${edit} ${'❄'.repeat(99_000)}`
    const edit = (n: number) =>
      desk.as(customer)(updatePost, { params: { id }, body: { message: message(n) } })
    const answers: Awaited<ReturnType<typeof edit>>[] = []
    for (let n = 0; n < 20; n += 4)
      answers.push(...(await Promise.all(Array.from({ length: 4 }, (_, beside) => edit(n + beside)))))
    const refused = answers.filter(({ status }) => status === 429)

    // 297,000 bytes are 19 times 16 KiB; 239 were left.
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(12)
    expect(refused).toHaveLength(8)
    // Of each the text before and after.
    expect((await keptBytes()) - before).toBeLessThan(12 * 2 * 300_000)
    for (const { headers } of refused) {
      const { policy, left, seconds } = told(headers)
      expect([policy, left, headers.get('retry-after')]).toEqual(['writes', 0, String(seconds)])
      expect(seconds).toBeLessThanOrEqual(3_600)
    }
    expect(refused[0]?.problem.detail).toMatch(/^Too much was sent within an hour; try again in \d+ minutes/)
    expect(await send(customer, postOf(100))).toMatchObject({ status: 429, policy: 'writes' })
    expect((await desk.as(customer)(getMe, {})).status, 'they may read on').toBe(200)
    expect(await send(await customerOf(desk), postOf(100)), 'somebody else').toMatchObject({ status: 201 })

    desk.advance(3_600_000)
    expect(await send(customer, postOf(100))).toMatchObject({ status: 201, left: 1_199 })
  },
)

test('the staff is not counted so', async () => {
  const { ticket } = await customerOf(desk)
  const operator = await desk.given.operator()
  const answer = await desk.as(operator)(createPost, {
    params: { id: ticket },
    body: { message: 'x'.repeat(100_000) },
  })
  expect([answer.status, told(answer.headers)]).toMatchObject([201, { policy: 'user', left: 5_999 }])
})

test('a length that is a lie gains nothing', async () => {
  const customer = await customerOf(desk)
  const saying = async (length: number, body: string, { cutOff = false } = {}) => {
    const socket = connect(Number(new URL(desk.url).port), '127.0.0.1')
    const head = [
      `POST /api/v1/tickets/${customer.ticket}/posts HTTP/1.1`,
      'Host: desk.test',
      `Authorization: ${customer.authorization}`,
      'Content-Type: application/json',
      `Content-Length: ${length}`,
    ]
    socket.write([...head, '', body].join('\r\n'))
    if (cutOff) socket.end()
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return Number(/^HTTP\/1.1 (\d+)/.exec(answer.toString())?.[1])
  }
  // What is more than was said is not read as a part of it, and is no request.
  expect(await saying(10, postOf(100 * kibibyte))).toBe(400)
  expect(await saying(100 * kibibyte, postOf(100), { cutOff: true })).toBe(400)
  // Nothing of it is read, and so it counts once.
  expect(await saying(10_000_000, postOf(100))).toBe(413)
  expect(await desk.rows('select id from posts where ticket_id = $1', [customer.ticket])).toHaveLength(1)
  expect(await send(customer, postOf(100))).toMatchObject({ status: 201, left: 1_196 })
})

function formOf(files: readonly Buffer[]) {
  const head =
    'Content-Disposition: form-data; name="attachments"; filename="a.txt"\r\nContent-Type: text/plain'
  const parts = files.map((bytes) =>
    Buffer.concat([Buffer.from(`--x\r\n${head}\r\n\r\n`), bytes, Buffer.from('\r\n')]),
  )
  const said = Buffer.from('--x\r\nContent-Disposition: form-data; name="message"\r\n\r\nSee here\r\n')
  return Buffer.concat([said, ...parts, Buffer.from('--x--\r\n')])
}

const form = 'multipart/form-data; boundary=x'
const fileOf = (bytes: number) => Buffer.from(randomBytes(bytes / 2).toString('hex'))

test(
  'a form counts once for each 10 MiB that are begun, however it comes, and five files of 10 MiB may be sent at once',
  {
    timeout: 60_000,
  },
  async () => {
    const customer = await customerOf(desk)
    expect(await send(customer, formOf([fileOf(1_000)]), form)).toMatchObject({
      status: 201,
      policy: 'files',
      left: 59,
    })
    const five = formOf(Array.from({ length: 5 }, () => fileOf(10 * mebibyte)))
    expect(await send(customer, five, form)).toMatchObject({ status: 201, left: 53 })
    const two = formOf([fileOf(6 * mebibyte), fileOf(6 * mebibyte)])
    expect(await send(customer, inPieces(two), form)).toMatchObject({ status: 201, left: 51 })
    // Files are counted by themselves.
    expect(await send(customer, postOf(100))).toMatchObject({ status: 201, policy: 'writes', left: 1_199 })

    for (let left = 50; left >= 1; left -= 1)
      expect(await send(customer, formOf([fileOf(1_000)]), form)).toMatchObject({ status: 201, left })
    const before = await desk.rows('select id from posts')
    const refused = await send(customer, inPieces(two), form)
    expect(refused).toMatchObject({ status: 429, policy: 'files', left: 0 })
    expect(refused.headers.get('retry-after')).toBe(String(refused.seconds))
    expect(await send(customer, formOf([fileOf(1_000)]), form)).toMatchObject({ status: 429 })
    expect(await desk.rows('select id from posts')).toHaveLength(before.length)
    desk.advance(3_600_000)
    expect(await send(customer, formOf([fileOf(1_000)]), form)).toMatchObject({ status: 201, left: 59 })
  },
)

test('of the limits that hold for a call, the one that leaves least is told', async () => {
  const few = await openTestDesk({ rateLimit: true, apiRateLimit: 5, beside: desk })
  const customer = await customerOf(desk)
  const post = () =>
    few.as(customer)(createPost, { params: { id: customer.ticket }, body: { message: 'It is cold' } })
  expect(told((await post()).headers)).toMatchObject({ policy: 'user', left: 4 })
})

test('the document of the API says what a large body counts', async () => {
  const { components, paths } = (await (await fetch(`${desk.url}/openapi.json`)).json()) as {
    components: { headers: Record<string, { description: string }> }
    paths: Record<string, Record<string, { responses: Record<string, { headers?: object }> }>>
  }
  expect(components.headers['RateLimit']?.description).toContain('16 KiB')
  const { responses } = paths['/api/v1/posts/{id}']?.['patch'] ?? {}
  expect(Object.keys(responses?.['429']?.headers ?? {})).toEqual([
    'RateLimit-Policy',
    'RateLimit',
    'Retry-After',
  ])
})
