// What holds for every route, whichever noun it is about.
import { once } from 'node:events'
import { connect } from 'node:net'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { createCustomer, endpoints, getCustomer, health, listCustomers } from '../contract/index.ts'
import { answerNoHttp, answerProblems } from '../server/http/problems.ts'
import { limitTime } from '../server/http/time-limit.ts'
import { openTestDesk } from './support/desk.ts'
import { type Outgoing, sendTo } from './support/send.ts'

const { as, anonymous, given, rows, url } = await openTestDesk()
const operator = await given.operator()
const authorization = `Bearer ${operator.token}`
const customer = await given.customer()

async function send(path: string, { headers, ...init }: Omit<Outgoing, 'path'> = {}) {
  const answer = await sendTo(url, {
    ...init,
    path,
    headers: { authorization, 'content-type': 'application/json', ...headers },
  })
  return { ...answer, problem: answer.text === '' ? null : JSON.parse(answer.text) }
}

/** Writes bytes as they are, for what fetch would not send. */
function sendRaw(bytes: string | Buffer, to = url): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(to).port), '127.0.0.1', () => socket.write(bytes))
    let answer = ''
    socket.setTimeout(12_000, () => socket.destroy())
    socket.on('data', (data) => void (answer += data.toString()))
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

test.each([
  '/api/v1/customers',
  '/api/v1/customers/',
  '/api/customers',
  '/api/customers/',
  '/api/customers?limit=1',
  '/api/customers/?limit=1',
])('%s is the list of customers', async (path) => {
  expect(JSON.parse((await send(path)).text)).toMatchObject({ results: [{ id: customer.id }] })
})

test('health and its siblings answer at the root and under the API, to anyone', async () => {
  for (const path of ['/health', '/health/', '/api/health', '/api/v1/health', '/livez', '/readyz']) {
    const { status, text } = await sendTo(url, { path })
    expect([status, JSON.parse(text)], path).toMatchObject([200, { status: 'ok' }])
  }
  expect((await anonymous(health, {})).body.database).toBe('ok')
})

test.each([
  ['not JSON', '{"first_name": ', 400, 'not_json'],
  ['a word', 'hello', 400, 'not_json'],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 400, 'not_json'],
  ['nothing', '', 422, 'invalid'],
  ['a list', '[]', 422, 'invalid'],
  ['null', 'null', 422, 'invalid'],
  ['a prototype', '{"__proto__": {"role": "admin"}, "first_name": "E", "last_name": "S"}', 422, 'invalid'],
  [
    'a constructor',
    '{"constructor": {"prototype": {}}, "first_name": "E", "last_name": "S"}',
    422,
    'invalid',
  ],
  ['one field twice', '{"first_name": "E", "last_name": "S", "first_name": "F"}', 400, 'duplicate_field'],
  [
    'one field twice, hidden by an escape',
    '{"first_name": "E", "last_name": "S", "first\\u005fname": "F"}',
    400,
    'duplicate_field',
  ],
  ['infinity', '{"first_name": 1e999, "last_name": "S"}', 422, 'invalid'],
  ['10,000 levels', '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000), 422, 'invalid'],
  ['levels that hide U+0000', '['.repeat(10_000) + '"\\u0000"' + ']'.repeat(10_000), 422, 'invalid'],
  [
    '40,000 unknown fields',
    `{${Array.from({ length: 40_000 }, (_, i) => `"k${i}":1`).join()}}`,
    422,
    'invalid',
  ],
  ['U+0000 in a field name', '{"first_name\\u0000": "E"}', 422, 'invalid'],
  ['half a character', '{"first_name": "\\ud800", "last_name": "S"}', 422, 'invalid'],
  ['half a character in a field name', '{"\\ud800": "E"}', 422, 'invalid'],
  ['a number beyond int8', '{"first_name": 9223372036854775808, "last_name": "S"}', 422, 'invalid'],
  ['1,000,000 fields', `{${'"k":1,'.repeat(1_000_000)}"k":1}`, 413, 'too_large'],
  ['512 KiB', `"${'x'.repeat(512 * 1_024 - 2)}"`, 422, 'invalid'],
  ['one byte more than that', `"${'x'.repeat(512 * 1_024 - 1)}"`, 413, 'too_large'],
  ['three megabytes', JSON.stringify({ first_name: 'x'.repeat(3_000_000) }), 413, 'too_large'],
])('S41 a body of %s is refused without harm', async (_, body, status, code) => {
  const before = await rows('select count(*) from customers')
  const answer = await send('/api/customers', { method: 'POST', body })
  expect([answer.status, answer.problem.type]).toEqual([status, `urn:frontdesk:problem:${code}`])
  expect(answer.problem.errors?.length ?? 0).toBeLessThanOrEqual(20)
  expect(await rows('select count(*) from customers')).toEqual(before)
  expect(({} as Record<string, unknown>)['role']).toBeUndefined()
})

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/mixed; boundary=x',
  'image/png',
  'application/xml',
  '',
])('S18 a body sent as %s is 415', async (type) => {
  const answer = await send('/api/customers', {
    method: 'POST',
    body: Buffer.from('{"first_name":"E","last_name":"S"}'),
    headers: { 'content-type': type },
  })
  expect([answer.status, answer.problem.type]).toEqual([415, 'urn:frontdesk:problem:unsupported_media_type'])
})

// What a parser takes for JSON, and a table of validators for something else, or the other way round.
test.each([
  ' application/json',
  'application/json\t;a',
  'application/json ;charset=utf-8',
  'APPLICATION/JSON',
  'application/json; charset=utf-8; charset=utf-16',
  'application/json x',
  'application/json\tx',
  'application/jsonx',
  'application/json,text/plain',
  'text/plain;application/json',
  'text/plain; charset=application/json',
  'application/hal+json',
  'application/merge-patch+json',
  'application/x-www-form-urlencoded; x=application/json',
  'application/json\u00a0',
  'json',
  '/',
  ';',
])('S18 a body sent as %j is 415, or checked like any other', async (type) => {
  const before = await rows('select count(*) from customers')
  const said = await sendRaw(
    [
      'POST /api/customers HTTP/1.1',
      'Host: x',
      `Authorization: ${authorization}`,
      `Content-Type: ${type}`,
      'Content-Length: 29',
      'Connection: close',
      '',
      '{"first_name":1,"admin":true}',
    ].join('\r\n'),
  )
  const status = Number(/^HTTP\/1.1 (\d+)/.exec(said)?.[1])
  expect([415, 422]).toContain(status)
  expect(said).toContain('content-type: application/problem+json')
  if (status === 422)
    for (const field of ['/first_name', '/admin', '/last_name']) expect(said).toContain(`"${field}"`)
  expect(await rows('select count(*) from customers')).toEqual(before)
})

test.each([
  '0',
  '-1',
  '1.5',
  'abc',
  '%00',
  '9007199254740992',
  '99999999999999999999',
  '1e3',
  "1'--",
  '%20',
  '0x1',
  '1e0',
  '%201',
  '+1',
  '01',
])('S41 the id %s is refused', async (id) => {
  const answer = await send(`/api/customers/${id}`)
  expect([404, 422]).toContain(answer.status)
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
})

test('the largest id is simply absent', async () => {
  expect((await as(operator)(getCustomer, { params: { id: Number.MAX_SAFE_INTEGER } })).status).toBe(404)
})

test('S58 401 comes before any look at the body', async () => {
  for (const headers of [{ authorization: '' }, { authorization: 'Bearer wrong' }]) {
    for (const body of ['not json', '{}', 'x'.repeat(3_000_000)]) {
      const answer = await send('/api/customers', { method: 'POST', body, headers })
      expect(answer.status).toBe(401)
      expect(answer.problem).not.toHaveProperty('errors')
    }
  }
})

test('text that only looks like fields named twice is kept to the letter', async () => {
  const body = { first_name: '{"a": 1, "a": 2}', last_name: '\\": "x", \\"' }
  expect((await as(operator)(createCustomer, { body })).body).toMatchObject(body)
})

test('a call that takes no body refuses one, and takes an empty one', async () => {
  const { id } = await given.request()
  const path = `/api/operators/${operator.id}/requests/${id}`
  expect((await send(path, { method: 'PATCH', body: '{"processed_by": 7}' })).problem.errors).toMatchObject([
    { in: 'body', pointer: '' },
  ])
  expect((await send(path, { method: 'PATCH', body: '' })).status).toBe(200)
  expect((await sendTo(url, { method: 'PATCH', path, headers: { authorization } })).status).toBe(200)
})

test('S17, S49 an unknown path is 404 and an unknown method 405, which names what is allowed', async () => {
  expect((await send('/api/nothing')).problem).toMatchObject({
    status: 404,
    instance: '/api/nothing',
    type: 'urn:frontdesk:problem:not_found',
  })
  for (const path of [
    '/api',
    '/api/v1',
    '/api/v2/customers',
    '/API/customers',
    '/api//customers',
    '/api/customers//1',
    '/api/%63ustomers/x/y',
    '/..;/api/customers',
  ]) {
    expect((await send(path)).status, path).toBe(404)
  }
  for (const endpoint of endpoints) {
    const path = endpoint.url.replace(/:\w+/g, '1')
    const served = endpoints.filter(({ url }) => url === endpoint.url).map(({ method }) => method)
    const [method = ''] = (['DELETE', 'POST', 'PUT'] as const).filter((one) => !served.includes(one))
    const answer = await send(path, { method })
    expect(answer.status, path).toBe(405)
    expect(answer.headers.get('allow')?.split(', '), path).toContain(endpoint.method)
  }
})

test.each(['/', '/sign-in', '/pages/page.css', '/openapi.json', '/docs', '/docs/static/index.html'])(
  '%s is to be read, and says so to other methods',
  async (path) => {
    expect((await send(path, { method: 'HEAD' })).status).toBeLessThan(400)
    const refused = await send(path, { method: 'POST' })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  },
)

test('what anyone may send is small, and cheap to refuse', async () => {
  const long = JSON.stringify(Array.from({ length: 3_000 }, () => '\0'))
  expect((await send('/api/token', { method: 'POST', body: long })).status).toBe(413)
  const answer = await send('/api/customers', {
    method: 'POST',
    body: JSON.stringify(Array.from({ length: 50_000 }, () => '\0')),
  })
  expect([answer.status, answer.text.length < 5_000]).toEqual([422, true])
})

test.each(['/%zz', '/api/v1/customers/%c0%ae', `/api/v1/customers/${'a'.repeat(300)}`])(
  'S49 %s is a problem like any other',
  async (path) => {
    const answer = await send(path)
    expect([404, 422]).toContain(answer.status)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.problem.request_id).toBe(answer.headers.get('x-request-id'))
  },
)

test('S17 HEAD answers as GET does, without the body', async () => {
  const answer = await send(`/api/customers/${customer.id}`, { method: 'HEAD' })
  expect([answer.status, answer.text]).toEqual([200, ''])
  expect((await send('/api/customers/999999', { method: 'HEAD' })).status).toBe(404)
  expect((await send('/api/customers', { method: 'HEAD', headers: { authorization: '' } })).status).toBe(401)
})

test('S49 every failure names its call, tells no secrets of the house, and is never kept by a cache', async () => {
  for (const [path, init] of [
    ['/api/customers/999999', {}],
    ['/api/customers', { method: 'POST', body: '{' }],
    ['/api/customers?nope=1', {}],
    ['/nothing', {}],
    ['/api/customers', { method: 'DELETE' }],
    ['/api/customers', { method: 'PROPFIND' }],
    ['/api/customers', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }],
    ['/api/customers', { method: 'POST', body: JSON.stringify('x'.repeat(3_000_000)) }],
    ['/api/customers', { headers: { authorization: '' } }],
    [`/api/customers/${'9'.repeat(9_000)}`, {}],
    [`/api/customers?q=${'9'.repeat(9_000)}`, {}],
    [`/${'9'.repeat(9_000)}`, {}],
  ] as const) {
    const answer = await send(path, init)
    expect(answer.problem.request_id).toBe(answer.headers.get('x-request-id'))
    expect(answer.text).not.toMatch(/node_modules|\.ts\b|select |at \w+ \(/)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    if (path.startsWith('/api')) expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('server') ?? answer.headers.get('x-powered-by')).toBeNull()
  }
})

test.each([
  ['no HTTP at all', 'HELO frontdesk\r\n\r\n', '400'],
  ['a head without end', `GET /api/customers HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, '431'],
  [
    'a lying Content-Length',
    'POST /api/v1/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: nonsense\r\n\r\n{}',
    '400',
  ],
  ['a path without end', `GET /api/customers/${'9'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, '431'],
  ['no Host', 'GET /api/customers HTTP/1.1\r\nConnection: close\r\n\r\n', '400'],
  ['two Hosts', 'GET /api/customers HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n', '400'],
  ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n', '405'],
  ['a method of others', 'PROPFIND /api/customers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', '405'],
  ['a method of nobody', 'BREW /api/customers HTTP/1.1\r\nHost: x\r\n\r\n', '400'],
  [
    'both lengths at once',
    'POST /api/v1/token HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
    '400',
  ],
])('S49 %s ends in problem+json and a closed connection', async (_, bytes, status) => {
  const answer = await sendRaw(bytes)
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  expect(head).toMatch(/^content-type: application\/problem\+json$/im)
  expect(head).toMatch(/^x-content-type-options: nosniff$/im)
  expect(head).toContain(`x-request-id: ${JSON.parse(body).request_id}`)
  expect(head.includes('\nallow: ')).toBe(status === '405')
})

test('an expectation that nobody knows is ignored, and a 1.0 client needs no Host', async () => {
  const end = 'Connection: close\r\n\r\n'
  expect(await sendRaw(`GET /health HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n${end}`)).toMatch(
    /^HTTP\/1.1 200 /,
  )
  expect(await sendRaw(`GET /health HTTP/1.0\r\n${end}`)).toMatch(/^HTTP\/1.1 200 /)
})

test('S49 a body that does not come is the fault of who sends it, and an answer that does not come is ours', async () => {
  const app = Fastify({
    requestTimeout: 200,
    http: { headersTimeout: 200, connectionsCheckingInterval: 50 },
    clientErrorHandler: answerNoHttp,
    genReqId: () => 'slow',
  })
  answerProblems(app)
  limitTime(app, 100)
  app.post('/', () => new Promise(() => {}))
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const head =
    'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n'
  expect(await sendRaw(`${head}{`, address)).toMatch(/^HTTP\/1.1 408 [^]*problem:too_slow/)
  expect(await sendRaw('POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', address)).toMatch(
    /^HTTP\/1.1 503 [^]*problem\+json[^]*problem:/,
  )
  await app.close()
})

test('S17 a Host, a forwarded address or a method override changes nothing', async () => {
  const headers = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    forwarded: 'host=evil.example',
    'x-http-method-override': 'DELETE',
  }
  await given.customer()
  const page = await as(operator)(listCustomers, { query: { limit: 1 } }, headers)
  expect(page.status).toBe(200)
  expect(page.body.next).toMatch(/^http:\/\/desk\.test\//)
  for (const target of ['/api/customers?limit=1', 'http://evil.example/api/customers?limit=1']) {
    const answer = await sendRaw(
      `GET ${target} HTTP/1.1\r\nHost: evil.example\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`,
    )
    expect(answer, target).toContain('"next":"http://desk.test/api/v1/customers?limit=1&cursor=')
    expect(answer, target).not.toContain('evil')
  }
})

test('who is refused on the bare connection and keeps it half open is let go all the same', async () => {
  const { port } = new URL(url)
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  socket.write('this is no HTTP\r\n\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1.1 400 /)
  await once(socket, 'end')
  const broken = once(socket, 'error') as Promise<[NodeJS.ErrnoException]>
  const writing = setInterval(() => socket.write('x'), 100)
  expect(['ECONNRESET', 'EPIPE']).toContain((await broken)[0].code)
  clearInterval(writing)
})
