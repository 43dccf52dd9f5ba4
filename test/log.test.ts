// The logs of a real process at their most talkative: one JSON object a line, each request found by its id, and no secret in any.
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { type DeskProcess, eventually, newFolder, startDesk } from './support/desk-process.ts'
import { outsideDatabase } from './support/outside-database.ts'

/** What must not be found in the logs, each spelled so that it cannot be there by chance. */
const secret = {
  password: 'Canary-password-1',
  wrongPassword: 'Canary-password-2',
  newPassword: 'Canary-password-3',
  typedAsName: 'Canary-password-4',
  key: 'Canary-key-0123456789abcdef0123456789',
  badToken: 'fdt_CanaryToken',
  basic: 'Q2FuYXJ5OkJhc2lj',
  setUpToken: 'fds_CanarySetUp',
  searched: 'CanarySearch',
  inQuery: 'CanaryQuery',
  cookie: 'CanaryCookie',
  name: 'CanaryName',
  failingRow: 'CanaryRow',
  phone: '+442083661199',
  email: 'canary@example.com',
  body: 'CanaryBody',
  malformed: 'CanaryMalformed',
}
const nasty = '\r\n{"level":"info","msg":"forged"}\u001b[2J\u001b]0;owned\u0007<script>alert(1)</script>'

interface Line {
  readonly level: string
  readonly msg: string
  readonly request_id?: string
  readonly path?: string
  readonly status?: number
  readonly method?: string
  readonly err?: {
    readonly type: string
    readonly message: string
    readonly code?: string
    readonly stack: string
  }
}

async function startTalkativeDesk() {
  const [folder, database] = await Promise.all([newFolder(), outsideDatabase({ migrated: true })])
  const env = {
    LOG_LEVEL: 'trace',
    DATABASE_URL: database.url,
    SECRET_KEY: secret.key,
    ADMIN_PASSWORD: secret.password,
  }
  return { database, desk: await startDesk({ folder, env }) }
}

/** Sends requests, and keeps what each must be found by. */
function client(desk: DeskProcess) {
  const answered: { request_id: string; method: string; status: number; path: string }[] = []
  async function send(
    method: string,
    path: string,
    { token, body, headers = {} }: { token?: string; body?: unknown; headers?: object } = {},
  ) {
    const response = await fetch(desk.url + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    })
    const [sent = ''] = path.split('?')
    answered.push({
      request_id: response.headers.get('x-request-id') ?? '',
      method,
      status: response.status,
      path: sent,
    })
    return {
      status: response.status,
      body: (await response.json().catch(() => null)) as Record<string, unknown>,
    }
  }
  return { answered, send }
}

/** What is no request at all. */
async function sendRaw(desk: DeskProcess, text: string) {
  const socket = connect(desk.port, '127.0.0.1').on('error', () => {})
  socket.resume().end(text)
  await once(socket, 'close')
}

test(
  'S51 logs are JSON lines that find every request by its id and hold no secret',
  { timeout: 60_000 },
  async () => {
    const { desk, database } = await startTalkativeDesk()
    const { answered, send } = client(desk)

    const signIn = (username: string, password: string) =>
      send('POST', '/api/v1/token', { body: { username, password } })
    const token = String((await signIn('admin', secret.password)).body['token'])
    await signIn('admin', secret.wrongPassword)
    await signIn(secret.typedAsName, secret.wrongPassword)
    await send('GET', '/api/v1/me', { token })
    await send('GET', '/api/v1/me', { token: secret.badToken })
    await send('GET', '/api/v1/me', {
      headers: { authorization: `Basic ${secret.basic}`, cookie: `session=${secret.cookie}` },
    })
    await send('POST', '/api/v1/setup', {
      body: { token: secret.setUpToken, username: 'x', password: secret.newPassword },
    })

    for (const first_name of [secret.name, nasty]) {
      await send('POST', '/api/v1/customers', {
        token,
        body: { first_name, last_name: nasty, company: secret.body },
      })
    }
    const contact = { phone: secret.phone, email: secret.email }
    for (const first_name of ['One', 'Twin'])
      await send('POST', '/api/v1/customers', { token, body: { first_name, last_name: 'X', ...contact } })
    await send('GET', `/api/v1/customers?q=${secret.searched}&email=${secret.email}`, { token })
    const page = await send('GET', `/api/v1/customers?limit=1`, { token })
    const cursor = new URL(String(page.body['next'])).searchParams.get('cursor') ?? ''
    await send('GET', `/api/v1/customers?limit=1&cursor=${cursor}`, { token })
    await send('GET', `/api/v1/customers?limit=1&cursor=${cursor}x`, { token })
    await send('GET', `/nowhere/${encodeURIComponent(nasty)}?token=${secret.inQuery}`)
    await send('GET', `/api/v1/customers/${encodeURIComponent(nasty)}?${secret.inQuery}=1`, { token })
    await send('PATCH', '/api/v1/me', { token, body: { [secret.body]: secret.body } })
    await sendRaw(desk, `GET /${secret.malformed}\r\n${secret.malformed}\r\n\r\n`)
    await sendRaw(
      desk,
      `POST /api/v1/customers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret.badToken}\r\ncontent-length: x\r\n\r\n`,
    )

    // A bug, as seen from the API: a rule in the database that it does not know.
    await database.ask(`alter table customers add check (first_name <> '${secret.failingRow}')`)
    const bug = await send('POST', '/api/v1/customers', {
      token,
      body: { first_name: secret.failingRow, last_name: 'X' },
    })
    await send('POST', '/api/v1/me/password', {
      token,
      body: { current_password: secret.password, new_password: secret.newPassword },
    })
    await desk.stop()
    await eventually(() => desk.logged().includes('"msg":"stopped"'))

    const text = desk.logged()
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line): Line => JSON.parse(line))
    expect(token).toMatch(/^fdt_/)
    expect(cursor.length).toBeGreaterThan(20)
    for (const [what, value] of Object.entries({ ...secret, token, cursor })) {
      expect(
        text.includes(value),
        `${what} is in the logs: ${text.split('\n').find((line) => line.includes(value))}`,
      ).toBe(false)
      expect(desk.said().includes(value), `${what} was said`).toBe(false)
    }
    expect(lines.every((line) => line.msg !== 'forged')).toBe(true)
    expect([...text].filter((character) => character < ' ' && character !== '\n')).toEqual([])

    expect(new Set(answered.map(({ status }) => status))).toEqual(
      new Set([200, 201, 204, 401, 404, 409, 422, 500]),
    )
    for (const { request_id, ...answer } of answered) {
      const found = lines.filter((line) => line.request_id === request_id && line.msg === 'request')
      expect(found, JSON.stringify(answer)).toMatchObject([answer])
    }

    // The one bug is logged once, with its place and without the row.
    expect(bug.body).toMatchObject({
      status: 500,
      request_id: answered.find(({ status }) => status === 500)?.request_id,
    })
    expect(JSON.stringify(bug.body)).not.toMatch(/check|constraint|stack/)
    const errors = lines.filter((line) => ['error', 'fatal'].includes(line.level))
    expect(errors).toMatchObject([
      {
        msg: 'unexpected error',
        request_id: bug.body['request_id'],
        err: { code: '23514', message: expect.stringContaining('violates check constraint') },
      },
    ])
    expect(errors[0]?.err?.stack).toContain('customer-service.ts')
  },
)
