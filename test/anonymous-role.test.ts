import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createOperator, deleteSession, getMe, listCustomers, listMyTokens } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { openStream } from './support/event-stream.ts'

const { anonymous, url } = await openTestDesk({ anonymousRole: 'operator' })

/** As fetch cannot: with any Host. */
function statusWith(
  headers: Record<string, string>,
  method = 'GET',
  path = '/api/customers',
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(url + path, { method, headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    call.on('error', reject)
    call.end()
  })
}

test('S02 a call without credentials has the role, and no more than that', async () => {
  expect((await anonymous(listCustomers, {})).status).toBe(200)
  expect((await anonymous(createOperator, { body: { first_name: 'A', last_name: 'B' } })).status).toBe(403)
})

test('wrong credentials are never taken for none', async () => {
  expect((await anonymous(listCustomers, {}, { authorization: 'Bearer wrong' })).status).toBe(401)
})

test('nobody has no account', async () => {
  expect((await anonymous(getMe, {})).status).toBe(401)
  expect((await anonymous(listMyTokens, {})).status).toBe(401)
})

test('who is let in so has nothing to sign out of, and may listen', async () => {
  expect((await anonymous(deleteSession, {})).status).toBe(204)
  const stream = await openStream(url)
  await pause(1_500)
  expect(stream.isOpen).toBe(true)
})

test.each([
  ['a name that was made to point here', { host: 'evil.example' }],
  ['a page of another site', { origin: 'https://evil.example' }],
  ['a page of another port', { origin: 'http://127.0.0.1:3000' }],
  ['a sandboxed page', { origin: 'null' }],
  ['somebody behind a proxy', { 'x-forwarded-for': '8.8.8.8' }],
  ['an image or link on another site', { 'sec-fetch-site': 'cross-site' }],
])('%s is not let in', async (_, headers: Record<string, string>) => {
  expect(await statusWith(headers)).toBe(401)
  expect(await statusWith(headers, 'POST', '/api/customers/1/restore')).toBe(401)
})

test('our own page, such as /docs, is let in', async () => {
  expect(await statusWith({ origin: url, 'sec-fetch-site': 'same-origin' })).toBe(200)
  expect(await statusWith({ host: 'localhost:8000' })).toBe(200)
})
