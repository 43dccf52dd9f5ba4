// However its path is spelled and whatever is said of its method: a call that is not for everybody lets no stranger in.
import { Agent, request } from 'node:http'
import { afterAll, expect, test } from 'vitest'
import { type Endpoint, endpoints, listCustomers } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'

const desk = await openTestDesk()
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
afterAll(() => agent.destroy())

/** As fetch cannot: the path to the letter. */
function statusOf(method: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const { hostname, port } = new URL(desk.url)
  return new Promise((resolve, reject) => {
    const call = request({ agent, hostname, port, method, path, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
    })
    call.once('error', reject).end()
  })
}

const spellings: Readonly<Record<string, (path: string) => string>> = {
  'as it is': (path) => path,
  'with a slash at its end': (path) => `${path}/`,
  'with two slashes at its end': (path) => `${path}//`,
  'with two slashes before it': (path) => `/${path}`,
  'with two slashes in it': (path) => path.replace('/v1/', '/v1//'),
  'with a dot': (path) => `/.${path}`,
  'with an escaped dot': (path) => `/%2e${path}`,
  'with dots that lead out of the pages': (path) => `/pages/..${path}`,
  'with escaped dots that lead out of the pages': (path) => `/pages/%2e%2e${path}`,
  'with an escaped slash that leads out of the documentation': (path) => `/docs/static/..%2f..${path}`,
  'with an escaped slash': (path) => path.replace('/v1/', '/v1%2f'),
  'with a slash that is escaped twice': (path) => path.replace('/v1/', '/v1%252f'),
  'with a backslash': (path) => path.replace('/v1/', '/v1\\'),
  'with an escaped letter': (path) => path.replace('/api', '/%61pi'),
  'in capitals': (path) => path.toUpperCase(),
  'with one capital': (path) => path.replace('/api', '/Api'),
  'with a parameter at its end': (path) => `${path};x=1`,
  'with a parameter in it': (path) => path.replace('/api', '/api;x=1'),
  'with what looks like a file at its end': (path) => `${path}/page.css`,
  'with U+0000 at its end': (path) => `${path}%00`,
  'with a space at its end': (path) => `${path}%20`,
  'with a public path as its query': (path) => `${path}?/livez`,
  'as a whole URL': (path) => `http://evil.example${path}`,
  'without its version': (path) => path.replace('/v1/', '/'),
}

const methods = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'POST', 'PUT', 'PATCH', 'DELETE']
const overrides = ['x-http-method-override', 'x-http-method', 'x-method-override']

const isProtected = ({ config }: Endpoint) => config.access !== 'anyone'
const pathOf = ({ url }: Endpoint) => url.replace(/:\w+/g, '1')
const servedTo = (strangers: readonly Endpoint[], path: string, method: string) =>
  strangers.some(
    (endpoint) => pathOf(endpoint) === path && endpoint.method === (method === 'HEAD' ? 'GET' : method),
  )

function expectRefusal(status: number, what: string) {
  expect(status, what).toBeGreaterThanOrEqual(400)
  expect(status, what).toBeLessThan(500)
}

test.each(Object.entries(spellings))('S17 a path %s lets no stranger in', async (_, spelled) => {
  const calls = endpoints.filter(isProtected).map(async (endpoint) => {
    const path = spelled(pathOf(endpoint))
    expectRefusal(await statusOf(endpoint.method, path), `${endpoint.method} ${path}`)
  })
  await Promise.all(calls)
})

test.each(methods)('S17 the method %s lets no stranger in', async (method) => {
  const open = endpoints.filter((endpoint) => !isProtected(endpoint))
  const paths = new Set(endpoints.filter(isProtected).map(pathOf))
  const calls = [...paths]
    .filter((path) => !servedTo(open, path, method))
    .map(async (path) => expectRefusal(await statusOf(method, path), `${method} ${path}`))
  await Promise.all(calls)
})

test.each(overrides)('S17 the header %s makes no other call of one', async (header) => {
  const calls = endpoints.filter(isProtected).map(async (endpoint) => {
    const path = pathOf(endpoint)
    for (const method of ['GET', 'POST'])
      expectRefusal(await statusOf(method, path, { [header]: endpoint.method }), `${method} ${path}`)
  })
  await Promise.all(calls)
  // Nor of what everybody may do one that not everybody may.
  expect(await statusOf('GET', '/livez', { [header]: 'DELETE' })).toBe(200)
})

test('control: to whom it is for, a list is there under each spelling that the server knows', async () => {
  const { token } = await desk.given.operator()
  const found: string[] = []
  for (const [name, spelled] of Object.entries(spellings)) {
    const path = spelled(listCustomers.url)
    if ((await statusOf('GET', path, { authorization: `Bearer ${token}` })) === 200) found.push(name)
  }
  expect(found).toEqual([
    'as it is',
    'with a slash at its end',
    'with an escaped letter',
    'as a whole URL',
    'without its version',
  ])
})
