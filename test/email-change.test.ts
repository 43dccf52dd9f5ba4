// A new e-mail address: nothing changes before it is confirmed there.
import { expect, test } from 'vitest'
import {
  changeMyEmail,
  changeMyPassword,
  confirmEmail,
  disableUser,
  enableUser,
  getMe,
  getUser,
  signOutEverywhere,
  signOutUser,
  updateUser,
} from '../contract/index.ts'
import { hashSecret, newSecret } from '../server/credentials/secrets.ts'
import { openTestDesk } from './support/desk.ts'
import type { TestUser } from './support/given.ts'
import { secretIn } from './support/kept-mails.ts'

const desk = await openTestDesk()
const { anonymous, as, given, rows, mails } = desk
const password = 'keep-yourself-warm'
const admin = await given.user({ role: 'admin', username: 'the-admin', password })

async function newUser(email: string | null) {
  const user = await given.user({ role: 'customer', password })
  if (email !== null) await as(admin)(updateUser, { params: { id: user.id }, body: { email } })
  return user
}
const shown = async ({ id }: TestUser) => {
  const { email, email_verified } = (await as(admin)(getUser, { params: { id } })).body
  return { email, email_verified }
}
const ask = (user: TestUser, email: string) => as(user)(changeMyEmail, { body: { email } })
const confirm = (user: TestUser, token: string) => as(user)(confirmEmail, { body: { token } })
async function signedInAnew(user: TestUser): Promise<TestUser> {
  const token = newSecret('token')
  await rows(
    "insert into tokens (user_id, secret_hash, expires_at) values ($1, $2, now() + interval '1 hour')",
    [user.id, hashSecret(token)],
  )
  return { ...user, token }
}
const linkDoesNotWork = { status: 400, type: 'urn:frontdesk:problem:link_does_not_work' }

test('the link goes to the new address, a notice to the old one, and only the link changes something', async () => {
  const user = await newUser('old@shop.example')
  expect((await ask(user, 'new@shop.example')).status).toBe(202)
  const sent = (await mails()).sort((a, b) => a.to.localeCompare(b.to))
  expect(sent.map(({ to, subject }) => [to, subject])).toEqual([
    ['new@shop.example', 'Confirm your e-mail address for Frontdesk'],
    ['old@shop.example', 'Your e-mail address for Frontdesk is about to change'],
  ])
  expect(sent[1]?.text).not.toContain('#')
  expect(await shown(user)).toEqual({ email: 'old@shop.example', email_verified: false })

  const token = secretIn(sent[0])
  expect((await confirm(user, token)).status).toBe(204)
  expect(await shown(user)).toEqual({ email: 'new@shop.example', email_verified: true })
  expect((await as(user)(getMe, {})).body.email).toBe('new@shop.example')
  expect((await confirm(user, token)).problem).toMatchObject(linkDoesNotWork)
  expect(await rows(`select actor_id from audit_events where action = 'user.email_changed'`)).toEqual([
    { actor_id: user.id },
  ])
})

test('the link works for half an hour, and its secret is kept only as a hash', async () => {
  const user = await newUser(null)
  await ask(user, 'soon@shop.example')
  await mails()
  const kept = await rows(
    `select purpose, email, octet_length(secret_hash) as bytes, expires_at - created_at = '30 minutes' as for_30_minutes
     from one_time_tokens where user_id = $1`,
    [user.id],
  )
  expect(kept).toEqual([
    { purpose: 'email_change', email: 'soon@shop.example', bytes: 32, for_30_minutes: true },
  ])
})

test('a first address is confirmed in the same way, and the one so far can be, too', async () => {
  const user = await newUser(null)
  await ask(user, 'first@shop.example')
  const [mail, ...more] = await mails()
  expect(more).toEqual([])
  expect((await confirm(user, secretIn(mail))).status).toBe(204)
  await as(admin)(updateUser, { params: { id: user.id }, body: { email: 'by-admin@shop.example' } })
  expect((await shown(user)).email_verified).toBe(false)
  await mails()
  await ask(user, 'by-admin@shop.example')
  const again = await mails()
  expect(again).toHaveLength(1)
  expect((await confirm(user, secretIn(again[0]))).status).toBe(204)
  expect((await shown(user)).email_verified).toBe(true)
})

test('an address that another user has is answered alike, and gets no link; one who takes it meanwhile keeps it', async () => {
  await newUser('taken@shop.example')
  const user = await newUser(null)
  expect((await ask(user, 'TAKEN@shop.example')).status).toBe(202)
  expect(await mails()).toEqual([])
  await ask(user, 'wanted@shop.example')
  const [mail] = await mails()
  await newUser('Wanted@shop.example')
  expect((await confirm(user, secretIn(mail))).problem).toMatchObject({
    status: 409,
    type: 'urn:frontdesk:problem:email_taken',
  })
  expect(await shown(user)).toEqual({ email: null, email_verified: false })
})

test('a later request replaces the link, an admin who changes the address ends it, and so does disabling', async () => {
  const user = await newUser('a@shop.example')
  const asked = async (email: string) => {
    await ask(user, email)
    return secretIn((await mails()).find((mail) => mail.to === email))
  }
  const first = await asked('b@shop.example')
  const second = await asked('c@shop.example')
  expect((await confirm(user, first)).problem).toMatchObject(linkDoesNotWork)
  await as(admin)(updateUser, { params: { id: user.id }, body: { email: 'd@shop.example' } })
  expect((await confirm(user, second)).problem).toMatchObject(linkDoesNotWork)
  const third = await asked('e@shop.example')
  await rows(`update one_time_tokens set expires_at = now() where user_id = $1 and used_at is null`, [
    user.id,
  ])
  expect((await confirm(user, third)).problem).toMatchObject(linkDoesNotWork)
  expect((await shown(user)).email).toBe('d@shop.example')
})

test('it takes a password that was shown lately', async () => {
  const user = await newUser('f@shop.example')
  await rows(`update tokens set authenticated_at = now() - interval '11 minutes' where user_id = $1`, [
    user.id,
  ])
  expect((await ask(user, 'g@shop.example')).status).toBe(401)
  expect(await mails()).toEqual([])
})

test.each([
  [
    'changing the password',
    (user: TestUser) =>
      as(user)(changeMyPassword, {
        body: { current_password: password, new_password: 'and-stay-warm-all-winter' },
      }),
  ],
  ['signing out everywhere', (user: TestUser) => as(user)(signOutEverywhere, {})],
  ['an admin who signs them out', (user: TestUser) => as(admin)(signOutUser, { params: { id: user.id } })],
  [
    'being disabled and enabled again',
    async (user: TestUser) => {
      await as(admin)(disableUser, { params: { id: user.id } })
      return as(admin)(enableUser, { params: { id: user.id } })
    },
  ],
])(
  'what somebody asked for who was signed in as another is over with %s: also what is mailed only then',
  async (_, end) => {
    const user = await newUser(null)
    const evil = `evil-${user.id}@shop.example`
    await ask(user, evil)
    const mailedBefore = secretIn((await mails())[0])
    await ask(user, evil)
    expect((await end(user)).status).toBeLessThan(300)
    expect((await confirm(await signedInAnew(user), mailedBefore)).problem).toMatchObject(linkDoesNotWork)
    // As when the mail server was down for a moment: the job is done only now.
    expect((await mails()).filter(({ to }) => to === evil)).toEqual([])
  },
)

test('an admin changes others’ addresses, of which the old one is told, and their own only as everybody does', async () => {
  const user = await newUser('of-them@shop.example')
  await mails()
  await as(admin)(updateUser, { params: { id: user.id }, body: { email: 'of-them-now@shop.example' } })
  expect((await mails()).map(({ to, subject }) => [to, subject])).toEqual([
    ['of-them@shop.example', 'Your e-mail address for Frontdesk was changed'],
  ])
  await as(admin)(updateUser, { params: { id: user.id }, body: { email: 'OF-them-now@shop.example' } })
  expect(await mails(), 'it is the same address').toEqual([])
  const own = await as(admin)(updateUser, { params: { id: admin.id }, body: { email: 'mine@shop.example' } })
  expect(own.problem).toMatchObject({ status: 409, type: 'urn:frontdesk:problem:own_email' })
})

test('a link is of no use to anybody but who asked for it: the owner of the mailbox does not give it away', async () => {
  const attacker = await newUser(null)
  await ask(attacker, 'vera@victim.example')
  const token = secretIn((await mails())[0])
  expect((await anonymous(confirmEmail, { body: { token } })).status).toBe(401)
  for (const other of [await newUser(null), admin])
    expect((await confirm(other, token)).problem).toMatchObject(linkDoesNotWork)
  expect(await shown(attacker)).toEqual({ email: null, email_verified: false })
  expect((await confirm(attacker, token)).status).toBe(204)
})
