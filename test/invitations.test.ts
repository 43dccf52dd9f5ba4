// Invitations: an account without a password, and the link that chooses one.
import { expect, test } from 'vitest'
import {
  acceptInvitation,
  createToken,
  createUser,
  disableUser,
  getUser,
  inviteUser,
  updateUser,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { secretIn } from './support/kept-mails.ts'

const desk = await openTestDesk()
const { anonymous, as, given, rows, mails } = desk
const password = 'keep-yourself-warm'
const admin = await given.user({ role: 'admin', username: 'the-admin', password })
const call = as(admin)

let serial = 0
async function invited(facts: object = {}) {
  const name = `invited-${(serial += 1)}`
  const body = {
    username: name,
    email: `${name}@shop.example`,
    first_name: 'A',
    last_name: 'B',
    role: 'operator' as const,
  }
  const reply = await call(createUser, { body: { ...body, ...facts } })
  expect(reply.status).toBe(201)
  return reply.body
}
const accept = (token: string, secret = password) =>
  anonymous(acceptInvitation, { body: { token, password: secret } })
const signIn = (username: string | null) =>
  anonymous(createToken, { body: { username: username ?? '', password } })
const linkDoesNotWork = { status: 400, type: 'urn:frontdesk:problem:link_does_not_work' }

test('a user without a password is mailed a link that works once, to choose it', async () => {
  const user = await invited({ email: 'Jon@wall.example' })
  expect(user).toMatchObject({ status: 'invited', email_verified: false })
  expect((await signIn(user.username)).status).toBe(401)
  const [mail, ...more] = await mails()
  expect(more).toEqual([])
  expect(mail).toMatchObject({ to: 'Jon@wall.example', subject: 'You are invited to Frontdesk' })
  expect(mail?.text).toContain(`http://desk.test/accept-invitation#fdm_`)
  expect(mail?.text).toContain(user.username)

  const token = secretIn(mail)
  expect((await accept(token)).status).toBe(204)
  const { body } = await call(getUser, { params: { id: user.id } })
  expect(body).toMatchObject({ status: 'active', email_verified: true, version: 2 })
  expect((await signIn(user.username)).status).toBe(200)
  expect((await accept(token)).problem).toMatchObject(linkDoesNotWork)
  const [event] = await rows(
    `select actor_id, after from audit_events where action = 'user.invitation_accepted' and record_id = $1`,
    [user.id],
  )
  expect(event).toMatchObject({ actor_id: user.id })
  expect(JSON.stringify(await rows('select * from audit_events, one_time_tokens'))).not.toContain(
    token.slice(4),
  )
})

test('the secret is in the mail alone: not in the queue, and in the database only as its hash', async () => {
  const { id } = await invited()
  expect(
    await rows(`select payload from graphile_worker._private_jobs where payload ->> 'user_id' = $1`, [
      `${id}`,
    ]),
  ).toEqual([{ payload: { user_id: id } }])
  expect(await rows('select id from one_time_tokens where user_id = $1', [id])).toEqual([])
  await mails()
  const [kept] = await rows(
    `select purpose, email, octet_length(secret_hash) as bytes, expires_at - created_at = '72 hours' as for_72_hours
     from one_time_tokens where user_id = $1`,
    [id],
  )
  expect(kept).toMatchObject({ purpose: 'invitation', bytes: 32, for_72_hours: true })
})

test('a password that is refused does not use the link up', async () => {
  const user = await invited()
  const token = secretIn((await mails())[0])
  for (const weak of ['short', 'password123', user.username ?? ''])
    expect((await accept(token, weak)).problem).toMatchObject({
      status: 422,
      errors: [{ pointer: '/password' }],
    })
  expect((await accept(token)).status).toBe(204)
})

test('a new invitation replaces the link before, and is for who has no password and can be mailed to', async () => {
  const user = await invited()
  const invite = (id: number) => call(inviteUser, { params: { id } })
  const first = secretIn((await mails())[0])
  expect((await invite(user.id)).body).toMatchObject({ status: 'invited', version: 2 })
  const second = secretIn((await mails())[0])
  expect((await accept(first)).problem).toMatchObject(linkDoesNotWork)
  expect((await accept(second)).status).toBe(204)
  expect((await invite(user.id)).problem).toMatchObject({
    status: 409,
    type: 'urn:frontdesk:problem:has_password',
  })
  expect((await invite(999_999)).status).toBe(404)

  // A colleague without a login gets one.
  const [{ id } = { id: 0 }] = await rows<{ id: number }>(
    `with made as (insert into users (first_name, last_name, role) values ('No', 'Login', 'operator') returning *)
     insert into audit_events (actor_role, action, record_type, record_id, after, request_id)
     select 'test', 'user.created', 'user', id, to_jsonb(made), 'x' from made returning record_id as id`,
  )
  expect((await invite(id)).problem).toMatchObject({
    status: 409,
    type: 'urn:frontdesk:problem:cannot_be_invited',
  })
  await call(updateUser, { params: { id }, body: { username: 'now-with-login' } })
  expect((await invite(id)).problem.detail).toContain('an e-mail address')
  const { body } = await call(updateUser, { params: { id }, body: { email: 'now@shop.example' } })
  expect(body.status).toBe('no_login')
  expect((await invite(id)).body.status).toBe('invited')
  expect((await accept(secretIn((await mails())[0]))).status).toBe(204)

  const gone = await invited()
  await call(disableUser, { params: { id: gone.id } })
  expect((await invite(gone.id)).problem).toMatchObject({ type: 'urn:frontdesk:problem:user_disabled' })
  expect(await mails(), 'who is disabled by then gets no mail').toEqual([])
})

test('a link is for its purpose, its address and its time', async () => {
  const late = await invited()
  const lateToken = secretIn((await mails())[0])
  await rows(`update one_time_tokens set expires_at = now() - interval '1 second' where user_id = $1`, [
    late.id,
  ])
  const moved = await invited()
  const movedToken = secretIn((await mails())[0])
  await call(updateUser, { params: { id: moved.id }, body: { email: 'elsewhere@shop.example' } })
  expect(
    (await mails()).map(({ to }) => to),
    'the old address is told',
  ).toEqual([moved.email])
  const gone = await invited()
  const goneToken = secretIn((await mails())[0])
  await call(disableUser, { params: { id: gone.id } })
  const bad = await Promise.all(
    [lateToken, movedToken, goneToken, 'fdm_unknown', ''].map((token) => accept(token)),
  )
  const shown = bad.map(({ status, problem: { request_id: _, ...rest } }) => JSON.stringify({ status, rest }))
  expect(new Set(shown).size).toBe(1)
  expect(bad[0]?.problem).toMatchObject(linkDoesNotWork)
})

test('of fifty who use one link at once, one succeeds', async () => {
  const user = await invited()
  const token = secretIn((await mails())[0])
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, n) => accept(token, `keep-yourself-warm-${n}`)),
  )
  expect(replies.filter((reply) => reply.status === 204)).toHaveLength(1)
  expect(replies.filter((reply) => reply.status === 400)).toHaveLength(49)
  expect((await call(getUser, { params: { id: user.id } })).body.version).toBe(2)
})

test('S30 nobody but an admin invites, and the link gives the role that the admin chose', async () => {
  const user = await invited({ role: 'customer' })
  for (const who of [await given.operator(), await given.user()])
    expect((await as(who)(inviteUser, { params: { id: user.id } })).status).toBe(403)
  const token = secretIn((await mails())[0])
  const wider = { body: { token, password, role: 'admin' } as { token: string; password: string } }
  expect((await anonymous(acceptInvitation, wider)).status).toBe(422)
  expect((await accept(token)).status).toBe(204)
  expect((await call(getUser, { params: { id: user.id } })).body.role).toBe('customer')
})
