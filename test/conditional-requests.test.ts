// ETag, If-Match and If-None-Match, for every record and every endpoint that changes one, also those that are yet to come.
import { describe, expect, test } from 'vitest'
import {
  type Endpoint,
  endpoints,
  recordOf,
  records,
  requestFor,
  updateCustomer,
  deleteClient,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'
import { callable, workingCall, workingCaller } from './support/working-calls.ts'

const desk = await openTestDesk()

const readers = callable.filter(({ method, schema }) => method === 'GET' && recordOf(schema.response[200]))
const changing = callable.filter(({ config }) => config.changes)

/** An endpoint's working call, ready to be sent as often as wanted. */
async function prepared(endpoint: Endpoint) {
  const caller = await workingCaller(desk, endpoint)
  const call = await workingCall(desk, endpoint, caller)
  const { method, path, headers, body } = requestFor(endpoint, call as never)
  const send = (more: Record<string, string> = {}, as = caller) =>
    sendTo(desk.url, {
      method,
      path,
      headers: { ...headers, authorization: `Bearer ${as.token}`, ...more },
      body,
    })
  /** The tag of the record that it changes, read where the contract says that it is read. */
  const tag = async () => {
    const { changes } = endpoint.config
    if (!changes) throw new Error('It changes nothing')
    const id = Object.values(call.params ?? {}).at(-1) ?? caller.id
    const path = records[changes].read.url.replace(':id', String(id))
    const authorization = `Bearer ${caller.token}`
    const { headers } = await sendTo(desk.url, { path, headers: { authorization } })
    return headers.get('etag') ?? ''
  }
  return { send, tag, caller }
}

test('there is something to test', () => {
  expect(readers.length).toBe(Object.keys(records).length)
  expect(changing.length).toBeGreaterThan(8)
})

test('whatever has a version and can be read is a record, and whatever changes one says so', () => {
  for (const endpoint of endpoints) {
    const { operationId, response } = endpoint.schema
    const reply = response[200] ?? response[201]
    if (reply && 'properties' in reply && 'updated_at' in (reply['properties'] as object))
      expect(recordOf(reply), operationId).toBeDefined()
    if (endpoint.method === 'GET' || !recordOf(response[200])) continue
    expect(endpoint.config.changes, operationId).toBe(recordOf(response[200]))
  }
})

describe.each(readers.map((endpoint) => [endpoint.schema.operationId, endpoint] as const))(
  '%s',
  (_name, endpoint) => {
    test('answers a strong tag of the version, and 304 without a body to who has it', async () => {
      const { send } = await prepared(endpoint)
      const first = await send()
      const tag = first.headers.get('etag') ?? ''
      expect(tag).toBe(`"${(JSON.parse(first.text) as { version: number }).version}"`)
      for (const header of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        const again = await send({ 'if-none-match': header })
        expect([header, again.status, again.text, again.headers.get('etag')]).toEqual([header, 304, '', tag])
      }
      for (const header of ['"0"', 'W/"999"', tag.slice(1, -1), '""'])
        expect([header, (await send({ 'if-none-match': header })).status]).toEqual([header, 200])
      expect((await send({ 'if-match': tag })).status).toBe(200)
      expect((await send({ 'if-match': '"999"' })).status).toBe(412)
    })

    test('has another tag with links, which serves as well', async () => {
      const { send } = await prepared(endpoint)
      const plain = (await send()).headers.get('etag') ?? ''
      const accept = 'application/hal+json'
      const linked = (await send({ accept })).headers.get('etag') ?? ''
      expect(linked).toMatch(/^"\d+-[0-9a-f]{12}"$/)
      expect((await send({ accept, 'if-none-match': linked })).status).toBe(304)
      expect((await send({ accept, 'if-none-match': plain })).status).toBe(200)
      expect((await send({ 'if-none-match': linked })).status).toBe(200)
      expect((await send({ 'if-match': linked })).status).toBe(200)
    })
  },
)

describe.each(changing.map((endpoint) => [endpoint.schema.operationId, endpoint] as const))(
  '%s',
  (_name, endpoint) => {
    test('S40 changes nothing for who thinks of another version', async () => {
      const { send, tag } = await prepared(endpoint)
      const before = await tag()
      for (const header of ['"999"', `W/${before}`, '"0", "998"', '', 'x', before.slice(1, -1)]) {
        const refused = await send({ 'if-match': header })
        expect([header, refused.status, JSON.parse(refused.text).type]).toEqual([
          header,
          412,
          'urn:frontdesk:problem:stale',
        ])
        expect(refused.headers.get('etag')).toBe(before)
      }
      expect((await send({ 'if-none-match': before })).status).toBe(412)
      expect((await send({ 'if-none-match': '*' })).status).toBe(412)
      expect(await tag()).toBe(before)
    })

    test.each(['the very version', 'a list with it', 'whatever there is', 'its tag with links'])(
      'S40 changes for who thinks of %s, and answers the new tag',
      async (which) => {
        const { send, tag } = await prepared(endpoint)
        const before = await tag()
        const header = {
          'the very version': before,
          'a list with it': `"999", ${before}`,
          'whatever there is': '*',
          'its tag with links': before.replace(/"$/, '-0123456789ab"'),
        }[which]
        const answer = await send({ 'if-match': header ?? '' })
        expect(answer.status).toBe(Number(Object.keys(endpoint.schema.response)[0]))
        const after = await tag()
        expect(after).not.toBe(before)
        if (answer.status === 200) expect(answer.headers.get('etag')).toBe(after)
      },
    )

    test('S40 of four who race with one tag exactly one wins', async () => {
      const { send, tag } = await prepared(endpoint)
      const match = { 'if-match': await tag() }
      const statuses = (await Promise.all(Array.from({ length: 4 }, () => send(match)))).map(
        ({ status }) => status,
      )
      const success = Number(Object.keys(endpoint.schema.response)[0])
      // What is deleted cannot be seen any more, at no version.
      const late = endpoint === deleteClient ? 404 : 412
      expect(statuses.sort()).toEqual([success, late, late, late].sort())
    })
  },
)

test('S40 what is no strong tag is told so, as opposed to a version that has passed', async () => {
  const { id } = await desk.given.customer()
  const call = desk.as(await desk.given.operator())
  const detailOf = async (match: string) => {
    const change = { params: { id }, body: { first_name: 'Ned' } }
    return (await call(updateCustomer, change, { 'if-match': match })).problem.detail
  }
  expect(await detailOf('1')).toMatch(/takes strong tags in quotes.*"1" is the current one/)
  expect(await detailOf('W/"1"')).toMatch(/takes strong tags in quotes/)
  expect(await detailOf('"7"')).toBe('The record is at version 1 now. Read it again.')
})

test('S40, control: without the tag all four win, one after the other', async () => {
  const endpoint = changing.find(({ schema }) => schema.operationId === 'updateCustomer')
  const { send } = await prepared(endpoint as Endpoint)
  const statuses = (await Promise.all(Array.from({ length: 4 }, () => send()))).map(({ status }) => status)
  expect(statuses).toEqual([200, 200, 200, 200])
})

test('a record that is not there is 404, whatever version one thinks of; and strangers learn no version', async () => {
  const { given, as } = desk

  const call = { params: { id: 999_999 }, body: { first_name: 'No one' } }
  for (const header of ['"1"', '*'])
    expect((await as(await given.operator())(updateCustomer, call, { 'if-match': header })).status).toBe(404)
  const { id } = await given.customer()
  const refused = await as(await given.user())(
    updateCustomer,
    { ...call, params: { id } },
    { 'if-match': '"7"' },
  )
  expect([refused.status, refused.headers.get('etag')]).toEqual([403, null])
})
