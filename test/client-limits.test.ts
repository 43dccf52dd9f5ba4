// What a client that acts for somebody cannot do, although that person can: beside its scopes (test/oauth-scopes.test.ts).
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import * as openid from 'openid-client'
import { expect, test } from 'vitest'
import {
  createCustomer,
  createUser,
  disableUser,
  getMe,
  signOutEverywhere,
  updateClient,
  updateMe,
  updateUser,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { openStream } from './support/event-stream.ts'
import { authorizationOf, registerClient, signedIn, tokensFor } from './support/oauth.ts'

const desk = await openTestDesk()
const { as, given } = desk
const admin = await given.admin()

test('S06 what a client may see no more ends its open streams within a second', async () => {
  const client = await registerClient(desk, { scopes: ['events:read', 'customers:read'] })
  const { browser } = await signedIn(desk)
  const { access_token: token } = await tokensFor(client, browser, { scope: 'events:read customers:read' })
  const stream = await openStream(desk.url, { token })
  await as(admin)(updateClient, { params: { id: client.record.id }, body: { scopes: ['events:read'] } })
  await expect.poll(() => stream.isOpen, { timeout: 1_000, interval: 20 }).toBe(false)
  await given.customer()
  expect(stream.events).toEqual([])
})

test('S30 a client that keeps users neither makes admins nor changes them', async () => {
  const client = await registerClient(desk, {
    grant_types: ['client_credentials'],
    redirect_uris: [],
    scopes: ['users:write'],
  })
  const { access_token: token } = await openid.clientCredentialsGrant(client.configuration, {
    scope: 'users:write',
  })
  const call = as({ token })
  const person = { first_name: 'Jon', last_name: 'Snow', password: 'keep-yourself-warm' }
  const made = await call(createUser, { body: { ...person, username: 'jon', role: 'operator' } })
  expect(made.status).toBe(201)
  const params = { id: made.body.id }
  const refused = [
    await call(createUser, { body: { ...person, username: 'aegon', role: 'admin' } }),
    await call(updateUser, { params, body: { role: 'admin' } }),
    await call(updateUser, { params: { id: admin.id }, body: { email: 'evil@shop.example' } }),
    await call(disableUser, { params: { id: admin.id } }),
  ]
  expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403])
  expect((await call(updateUser, { params, body: { role: 'customer' } })).status).toBe(200)
})

test('S39 a client’s keys are its own: it gets no answer that was kept for the person, nor they its', async () => {
  const client = await registerClient(desk, { scopes: ['customers:write'] })
  const { user, browser } = await signedIn(desk, { role: 'operator' })
  const { access_token: token } = await tokensFor(client, browser, { scope: 'customers:write' })
  const headers = { 'idempotency-key': randomUUID() }
  const body = { first_name: 'Ed', last_name: 'Stark' }
  const own = await as(user)(createCustomer, { body }, headers)
  const theirs = await as({ token })(createCustomer, { body }, headers)
  expect([own.status, theirs.status]).toEqual([201, 201])
  expect(theirs.body.id).not.toBe(own.body.id)
  expect(theirs.headers.has('idempotency-replayed')).toBe(false)
})

test('a client that acts on its own bears the name that an admin gave it', async () => {
  const client = await registerClient(desk, {
    grant_types: ['client_credentials'],
    redirect_uris: [],
    scopes: ['account:read', 'account:write'],
  })
  const { access_token: token } = await openid.clientCredentialsGrant(client.configuration, {
    scope: 'account:read account:write',
  })
  const refused = await as({ token })(updateMe, { body: { first_name: 'Eve' } })
  expect(refused.problem).toMatchObject({ status: 409, type: 'urn:frontdesk:problem:service_user' })
  expect((await as({ token })(getMe, {})).body.first_name).toBe('Invoices')
})

test('I24 a consent that is on its way while its person signs out everywhere leaves no grant', async () => {
  const client = await registerClient(desk)
  const { user, browser } = await signedIn(desk)
  const page = await browser.open((await authorizationOf(client)).url)
  const held = await desk.pool.connect()
  await held.query('begin')
  await held.query('select from oauth_clients where client_id = $1 for update', [client.record.client_id])
  const allowing = browser.submit(page, { choice: 'allow' })
  await pause(300)
  expect((await as(user)(signOutEverywhere, {})).status).toBe(204)
  await held.query('commit')
  held.release()
  expect((await allowing).status).toBe(400)
  expect(
    await desk.rows('select id from oauth_grants where user_id = $1 and revoked_at is null', [user.id]),
  ).toEqual([])
})
