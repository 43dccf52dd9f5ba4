// Every example of what may be sent is sent, as it stands in /openapi.json, to the server that serves it.
import { expect, test } from 'vitest'
import { hashSecret } from '../server/auth/secrets.ts'
import { openTestDesk } from './support/desk.ts'
import { type Operation, readOpenApi } from './support/openapi.ts'

const { url, given, rows } = await openTestDesk()
const { operations, exampleOf } = await readOpenApi(`${url}/openapi.json`)

/** What a path with `/<noun>/{…}` is tried on. A noun without a line fails. */
const records: Readonly<Record<string, () => Promise<number>>> = {
  // The customer that the example has made: the others may not have their phone number.
  customers: async () => {
    const [first] = await rows<{ id: number }>('select id from customers order by id limit 1')
    return (first ?? (await given.customer())).id
  },
  operators: async () => (await given.operator()).id,
  requests: async () => (await given.request({ status: 'IN_PROGRESS' })).id,
}

async function onRecords(path: string): Promise<string> {
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

async function send(operation: (typeof operations)[number] | undefined, token?: string) {
  if (!operation) throw new Error('There is no such operation')
  const body = bodyOf(operation)
  const response = await fetch(url + (await onRecords(operation.path)), {
    method: operation.method.toUpperCase(),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, text, outcome: `${operation.operationId} ${response.status} ${text}` }
}

const named = (name: string) => operations.find(({ operationId }) => operationId === name)

test('the examples of bodies are accepted, beginning with the one that makes the first admin', async () => {
  const { token: setUpToken } = bodyOf(named('setUp') as Operation) as { token: string }
  await rows(
    `insert into one_time_tokens (purpose, secret_hash, expires_at) values ('setup', $1, now() + interval '1 minute')`,
    [hashSecret(setUpToken)],
  )
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
    const answer = await send(operation, token)
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
    const examples = parameters
      .filter((parameter) => parameter.in === 'query')
      .map(({ name, schema }) => [name, exampleOf(schema)] as const)
      .filter(([, example]) => example !== undefined)
      .map(([name, example]) => `${name}=${encodeURIComponent(String(example))}`)
    const target = url + (await onRecords(path))
    for (const query of [...examples, examples.join('&')]) {
      const response = await fetch(`${target}?${query}`, { headers: { authorization: `Bearer ${token}` } })
      // One never ends.
      const endless = response.headers.get('content-type')?.startsWith('text/event-stream')
      const text = await (endless ? response.body?.cancel() : response.text())
      expect(response.status, `${operationId} ${query}: ${text}`).toBe(200)
    }
  }
})
