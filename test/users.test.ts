// Users as admins administer them (brief 001): created, listed, changed, disabled, enabled; and never without an admin.
import { describe, expect, test } from 'vitest'
import {
  createToken,
  createUser,
  disableUser,
  enableUser,
  getMe,
  getOperator,
  getUser,
  listUsers,
  type Role,
  updateMe,
  updateUser,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'

const desk = await openTestDesk()
const { anonymous, as, given, rows } = desk
const password = 'keep-yourself-warm'
const admin = await given.user({ role: 'admin', username: 'first-admin', password })

let serial = 0
const newUser = (facts: object = {}) => ({
  username: `made-${(serial += 1)}`,
  first_name: 'Jennie',
  last_name: 'Lanister',
  role: 'operator' as Role,
  password,
  ...facts,
})

async function made(facts: object = {}) {
  const { status, body } = await as(admin)(createUser, { body: newUser(facts) })
  expect(status).toBe(201)
  return body
}

const signIn = (username: string, secret = password) =>
  anonymous(createToken, { body: { username, password: secret } })

describe('creating', () => {
  test('makes a user who can sign in at once with the password given', async () => {
    const { status, body, headers } = await as(admin)(createUser, {
      body: newUser({ username: 'Jennie', email: 'jennie@winterfell.example', first_name: ' Jennie ' }),
    })
    expect(status).toBe(201)
    expect(headers.get('location')).toBe(`/api/v1/users/${body.id}`)
    expect(body).toEqual({
      id: body.id,
      username: 'Jennie',
      email: 'jennie@winterfell.example',
      email_verified: false,
      first_name: 'Jennie',
      last_name: 'Lanister',
      role: 'operator',
      status: 'active',
      invited_at: null,
      disabled_at: null,
      created_at: body.created_at,
      updated_at: body.updated_at,
      version: 1,
    })
    const { token } = (await signIn('jennie')).body
    expect((await as({ token })(getMe, {})).body.id).toBe(body.id)
    expect((await as(admin)(getOperator, { params: { id: body.id } })).status).toBe(200)
    const [event] = await rows(
      `select actor_id, before, after from audit_events where action = 'user.created' and record_id = $1`,
      [body.id],
    )
    expect(event).toMatchObject({ actor_id: admin.id, before: null, after: { username: 'Jennie' } })
    expect(JSON.stringify(event)).not.toMatch(/argon2|password_hash/)
  })

  test('refuses what would not work, and says where', async () => {
    const tries: [object, string][] = [
      [{ password: 'short' }, '/password'],
      [{ password: 'password123' }, '/password'],
      [{ username: 'the-name-itself', password: 'the-name-itself' }, '/password'],
      [{ password: undefined }, '/email'],
      [{ password: undefined, email: null }, '/email'],
      [{ username: 'two words' }, '/username'],
      [{ email: 'nowhere' }, '/email'],
      [{ role: 'root' }, '/role'],
      [{ first_name: ' ' }, '/first_name'],
    ]
    const before = await rows('select count(*) from users')
    for (const [facts, pointer] of tries) {
      const { status, problem } = await as(admin)(createUser, { body: newUser(facts) })
      expect([status, problem.errors?.map((error) => error.pointer)], JSON.stringify(facts)).toEqual([
        422,
        [pointer],
      ])
    }
    expect(await rows('select count(*) from users')).toEqual(before)
  })

  test('names the user who has the username or the e-mail address already, in any case', async () => {
    const { id } = await made({ username: 'Taken', email: 'Taken@winterfell.example' })
    const twin = (facts: object) => as(admin)(createUser, { body: newUser(facts) })
    expect((await twin({ username: 'tAKEN' })).problem).toMatchObject({
      status: 409,
      type: 'urn:frontdesk:problem:username_taken',
      conflicts_with: `/api/v1/users/${id}`,
    })
    expect((await twin({ email: 'tAKEN@winterfell.example' })).problem).toMatchObject({
      type: 'urn:frontdesk:problem:email_taken',
      conflicts_with: `/api/v1/users/${id}`,
    })
    // Racing for one name, one gets it.
    const racers = await Promise.all(Array.from({ length: 8 }, () => twin({ username: 'raced' })))
    expect(racers.map((reply) => reply.status).sort()).toEqual([201, ...Array.from({ length: 7 }, () => 409)])
  })

  test('S03 takes no field that is not its own', async () => {
    for (const field of [
      'id',
      'password_hash',
      'email_verified',
      'status',
      'is_admin',
      'is_customer_service',
    ]) {
      const { status, problem } = await as(admin)(createUser, { body: newUser({ [field]: true }) })
      expect([status, problem.errors?.[0]?.pointer], field).toEqual([422, `/${field}`])
    }
    for (const role of [true, 1, ['admin'], null, 'Admin'])
      expect((await as(admin)(createUser, { body: newUser({ role }) })).status, String(role)).toBe(422)
  })
})

describe('listing', () => {
  test('filters by role, status, username and e-mail address, and searches', async () => {
    const one = await made({
      username: 'Zelda',
      email: 'zelda@hyrule.example',
      first_name: 'Zelda',
      role: 'admin',
    })
    const two = await made({ username: 'link', first_name: 'Link', last_name: 'Zeldason', role: 'customer' })
    await as(admin)(disableUser, { params: { id: two.id } })
    const found = async (query: object) => {
      const { status, body } = await as(admin)(listUsers, { query })
      expect(status).toBe(200)
      return body.results.map((user) => user.id)
    }
    expect(await found({ username: 'zELDA' })).toEqual([one.id])
    expect(await found({ email: 'ZELDA@hyrule.example' })).toEqual([one.id])
    expect(await found({ q: 'zelda' })).toEqual([two.id, one.id])
    expect(await found({ q: 'zelda', role: 'admin' })).toEqual([one.id])
    expect(await found({ q: 'zelda', status: 'disabled' })).toEqual([two.id])
    expect(await found({ q: 'zelda', sort: 'created' })).toEqual([one.id, two.id])
    expect(await found({ q: 'zelda', role: 'customer', status: 'active' })).toEqual([])
    expect((await found({ status: 'disabled' })).includes(two.id)).toBe(true)
    await as(admin)(updateUser, { params: { id: one.id }, body: { first_name: 'Princess' } })
    expect((await found({ sort: '-updated', limit: 1 }))[0]).toBe(one.id)
    await as(admin)(disableUser, { params: { id: one.id } })
  })
})

describe('changing', () => {
  test('sets what is named, and a new e-mail address is not verified', async () => {
    const { id } = await made({ email: 'old@winterfell.example' })
    await rows('update users set email_verified_at = now() where id = $1', [id])
    const change = (body: object) => as(admin)(updateUser, { params: { id }, body })
    expect((await change({ email: 'OLD@winterfell.example', username: 'renamed' })).body).toMatchObject({
      email: 'OLD@winterfell.example',
      email_verified: true,
      username: 'renamed',
      version: 2,
    })
    expect((await change({ email: 'new@winterfell.example' })).body).toMatchObject({ email_verified: false })
    expect((await change({ email: null, last_name: ' Stark ' })).body).toMatchObject({
      email: null,
      last_name: 'Stark',
    })
    const { status, problem } = await change({ username: 'first-admin' })
    expect([status, problem.conflicts_with]).toEqual([409, `/api/v1/users/${admin.id}`])
    expect((await change({ password: 'a-new-one-for-them' })).status).toBe(422)
  })

  test('of a role is an event of its own, and works within a second', async () => {
    const { id } = await made({ username: 'riser', role: 'customer' })
    const { token } = (await signIn('riser')).body
    const change = (role: Role) => as(admin)(updateUser, { params: { id }, body: { role } })
    expect((await change('admin')).body.role).toBe('admin')
    await expect
      .poll(async () => (await as({ token })(getMe, {})).body.role, { timeout: 1_000 })
      .toBe('admin')
    expect((await change('customer')).body.role).toBe('customer')
    await expect.poll(async () => (await as({ token })(listUsers, {})).status, { timeout: 1_000 }).toBe(403)
    expect(
      await rows(
        `select action from audit_events where record_id = $1 and record_type = 'user' order by id`,
        [id],
      ),
    ).toEqual(['user.created', 'user.role_changed', 'user.role_changed'].map((action) => ({ action })))
  })

  test('S04 nobody changes their own role, by whatever way', async () => {
    const self = { params: { id: admin.id } }
    expect((await as(admin)(updateUser, { ...self, body: { role: 'operator' } })).problem).toMatchObject({
      status: 409,
      type: 'urn:frontdesk:problem:own_role',
    })
    // What is the case already is no change.
    expect((await as(admin)(updateUser, { ...self, body: { role: 'admin', first_name: 'A' } })).status).toBe(
      200,
    )
    for (const role of ['customer', 'operator'] as const) {
      const user = await given.user({ role })
      const before = await rows('select * from users where id = $1', [user.id])
      expect((await as(user)(updateUser, { params: { id: user.id }, body: { role: 'admin' } })).status).toBe(
        403,
      )
      const forms: [string, object][] = [
        ['/api/v1/me', { role: 'admin' }],
        ['/api/v1/me', { is_admin: true }],
        ['/api/v1/me', { status: 'active', disabled_at: null }],
        ['/api/v1/me', { user: { role: 'admin' } }],
        ['/api/v1/me', { first_name: { role: 'admin' } }],
        [`/api/v1/users/${user.id}`, [{ op: 'replace', path: '/role', value: 'admin' }]],
      ]
      for (const [path, body] of forms) {
        for (const type of ['application/json', 'application/merge-patch+json']) {
          const { status } = await sendTo(desk.url, {
            method: 'PATCH',
            path,
            headers: { authorization: `Bearer ${user.token}`, 'content-type': type },
            body: JSON.stringify(body),
          })
          expect([403, 415, 422], `${path} ${JSON.stringify(body)}`).toContain(status)
        }
      }
      expect(await rows('select * from users where id = $1', [user.id])).toEqual(before)
      expect((await as(user)(updateMe, { body: { first_name: 'Me' } })).status).toBe(200)
    }
  })

  test('S30 is for admins alone', async () => {
    const { id } = await made()
    for (const who of [await given.operator(), await given.user()]) {
      expect((await as(who)(createUser, { body: newUser() })).status).toBe(403)
      expect((await as(who)(updateUser, { params: { id }, body: { role: 'customer' } })).status).toBe(403)
      expect((await as(who)(disableUser, { params: { id } })).status).toBe(403)
      expect((await as(who)(enableUser, { params: { id } })).status).toBe(403)
      expect((await as(who)(getUser, { params: { id } })).status).toBe(403)
    }
    expect((await as(admin)(getUser, { params: { id } })).body).toMatchObject({
      role: 'operator',
      version: 1,
    })
  })
})

describe('disabling', () => {
  test('ends what lets them in, is repeatable, and is undone by enabling, but for that', async () => {
    const { id } = await made({ username: 'leaver' })
    const { token } = (await signIn('leaver')).body
    expect((await as(admin)(disableUser, { params: { id } })).status).toBe(204)
    expect((await as({ token })(getMe, {})).status).toBe(401)
    expect((await signIn('leaver')).status).toBe(401)
    const disabled = (await as(admin)(getUser, { params: { id } })).body
    expect(disabled).toMatchObject({ status: 'disabled', version: 2 })
    expect((await as(admin)(disableUser, { params: { id } })).status).toBe(204)
    expect((await as(admin)(getUser, { params: { id } })).body).toEqual(disabled)

    const enable = () => as(admin)(enableUser, { params: { id } })
    const { body } = await enable()
    expect(body).toMatchObject({ status: 'active', disabled_at: null, version: 3 })
    expect((await enable()).body).toEqual(body)
    expect((await as({ token })(getMe, {})).status).toBe(401)
    expect((await signIn('leaver')).status).toBe(200)
    expect((await as(admin)(disableUser, { params: { id: 999_999 } })).status).toBe(404)
  })

  test('is refused for oneself', async () => {
    expect((await as(admin)(disableUser, { params: { id: admin.id } })).problem).toMatchObject({
      status: 409,
      type: 'urn:frontdesk:problem:own_account',
    })
  })
})
