// Every example of what may be sent is sent, as it stands in /openapi.json, to the server that serves it.
import { expect, test } from 'vitest'
import { endpoints, requestFor } from '../contract/index.ts'
import { hashSecret } from '../server/credentials/secrets.ts'
import { openTestDesk } from './support/desk.ts'
import { type Operation, readOpenApi } from './support/openapi.ts'
import { asUpload, picture } from './support/photos.ts'
import { sendTo } from './support/send.ts'
import { fromOwnPage } from './support/browser.ts'
import { workingCall, workingCaller } from './support/working-calls.ts'

const desk = await openTestDesk()
const { url, given, rows } = desk
const { operations, exampleOf } = await readOpenApi(`${url}/openapi.json`)

/** Those who alone may: of posts their author, and of new tickets a customer. */
const author = await given.admin()
const customer = await given.user({ password: 'keep-yourself-warm' })
const callers: Readonly<Record<string, string>> = {
  updatePost: author.token,
  openTicket: customer.token,
  openNewTicket: customer.token,
  // The link is theirs.
  confirmEmail: customer.token,
}

/** What a path with `/<noun>/{…}` is tried on. A noun without a line fails. */
const records: Readonly<Record<string, () => Promise<number>>> = {
  // The customer that the example has made: the others may not have their phone number.
  customers: async () => {
    const [first] = await rows<{ id: number }>('select id from customers order by id limit 1')
    return (first ?? (await given.customer())).id
  },
  // The one that the example has made, for the same reason.
  users: async () => {
    const [first] = await rows<{ id: number }>(`select id from users where username = 'jon'`)
    return (first ?? (await given.invited())).id
  },
  clients: async () => (await given.client()).id,
  operators: async () => (await given.operator()).id,
  requests: async () => (await given.request({ status: 'IN_PROGRESS' })).id,
  tickets: async () => (await given.request({ status: 'IN_PROGRESS' })).id,
  posts: async () => (await given.post(author, { ticket_id: (await given.request()).id })).id,
}

async function onRecords(path: string): Promise<string> {
  if (path.endsWith('/photo')) return path.replace('{id}', String((await given.photographed()).id))
  const nouns = [...path.matchAll(/\/(\w+)\/(\{\w+\})/g)]
  const ids = await Promise.all(
    nouns.map(async ([, noun = '', place = '']) => {
      const id = await records[noun]?.()
      if (id === undefined) throw new Error(`Say which of ${noun} to try ${path} on`)
      return [place, String(id)] as const
    }),
  )
  return ids.reduce((url, [place, id]) => url.replace(place, id), path)
}

const bodyOf = ({ requestBody }: Operation): unknown => {
  const content = requestBody?.content['application/json']
  return content && (content.example ?? exampleOf(content.schema))
}

function jsonOf(operation: Operation): string | undefined {
  const body = bodyOf(operation)
  return body === undefined ? undefined : JSON.stringify(body)
}

async function send(operation: (typeof operations)[number] | undefined, token?: string) {
  if (!operation) throw new Error('There is no such operation')
  // Of pictures the document has none to show.
  const isPicture = operation.requestBody?.content['image/png'] !== undefined
  const body = isPicture ? asUpload(await picture()) : jsonOf(operation)
  const { status, text } = await sendTo(url, {
    method: operation.method.toUpperCase(),
    path: await onRecords(operation.path),
    headers: {
      ...fromOwnPage(desk),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': isPicture ? 'image/png' : 'application/json' }),
    },
    body,
  })
  return { status, text, outcome: `${operation.operationId} ${status} ${text}` }
}

/** What is done by a link in a mail, whose secret is in the example. */
const mailed = {
  resetPassword: 'password_reset',
  acceptInvitation: 'invitation',
  confirmEmail: 'email_change',
} as const

const named = (name: string) => operations.find(({ operationId }) => operationId === name)

test('the examples of bodies are accepted, beginning with the one that makes the first admin', async () => {
  const { token: setUpToken } = bodyOf(named('setUp') as Operation) as { token: string }
  await rows(
    `insert into one_time_tokens (purpose, secret_hash, expires_at) values ('setup', $1, now() + interval '1 minute')`,
    [hashSecret(setUpToken)],
  )
  for (const [name, purpose] of Object.entries(mailed)) {
    const { token: secret } = bodyOf(named(name) as Operation) as { token: string }
    await given.mailedLink(purpose, secret, name === 'confirmEmail' ? customer : undefined)
  }
  const admin = await send(named('setUp'))
  expect(admin.status, admin.outcome).toBe(201)
  const signedIn = await send(named('createToken'))
  expect(signedIn.status, signedIn.outcome).toBe(200)
  const { token } = JSON.parse(signedIn.text) as { token: string }

  const others = operations.filter(
    ({ operationId, requestBody }) => requestBody && operationId !== 'setUp' && operationId !== 'createToken',
  )
  expect(others.length).toBeGreaterThan(5)
  for (const operation of others) {
    const answer = await send(operation, callers[operation.operationId] ?? token)
    expect(answer.outcome).toMatch(new RegExp(`^${operation.operationId} 20\\d `))
  }
})

test('the examples of parameters are accepted, each alone and all together', async () => {
  const { token } = await given.admin()
  const lists = operations.filter(({ parameters = [] }) =>
    parameters.some(({ in: place }) => place === 'query'),
  )
  expect(lists.length).toBeGreaterThan(3)
  for (const { operationId, method, path, parameters = [] } of lists) {
    expect(method, operationId).toBe('get')
    const given = parameters
      .filter((parameter) => parameter.in === 'query')
      .map(({ name, schema, required = false }) => ({ name, example: exampleOf(schema), required }))
      .filter(({ example }) => example !== undefined)
    const queryOf = (some: typeof given) =>
      some.map(({ name, example }) => `${name}=${encodeURIComponent(String(example))}`).join('&')
    const needed = given.filter(({ required }) => required)
    const alone = given.map((one) => queryOf([...needed.filter((other) => other !== one), one]))
    const target = await onRecords(path)
    for (const query of [...alone, queryOf(given)]) {
      const headers = { authorization: `Bearer ${token}` }
      const { status, text } = await sendTo(url, { path: `${target}?${query}`, headers })
      expect(status, `${operationId} ${query}: ${text}`).toBe(200)
    }
  }
})

/** Their record has changed before they can be called: the version of the example is an old one. */
const onChanged = ['archiveRequest', 'enableUser', 'restoreCustomer']

test('the examples of headers are accepted, on a record as it was made', async () => {
  // Last-Event-ID's example is a position in the chain.
  await Promise.all(Array.from({ length: 41 }, () => given.customer()))
  const tried = new Set<string>()
  for (const endpoint of endpoints) {
    const { operationId, response } = endpoint.schema
    const { parameters = [] } = named(operationId) ?? {}
    for (const { name, schema } of parameters.filter(({ in: place }) => place === 'header')) {
      const caller = await workingCaller(desk, endpoint)
      const call = await workingCall(desk, endpoint, caller)
      const { headers, ...request } = requestFor(endpoint, call as never)
      const own = { authorization: `Bearer ${caller.token}`, [name]: String(exampleOf(schema)) }
      const { status, text } = await sendTo(url, { ...request, headers: { ...headers, ...own } })
      const isOld = name === 'If-Match' && onChanged.includes(operationId)
      const expected = name === 'If-None-Match' ? 304 : isOld ? 412 : Number(Object.keys(response)[0])
      expect(status, `${operationId} ${name}: ${text}`).toBe(expected)
      tried.add(name)
    }
  }
  expect([...tried].sort()).toEqual(['Idempotency-Key', 'If-Match', 'If-None-Match', 'Last-Event-ID'])
})
