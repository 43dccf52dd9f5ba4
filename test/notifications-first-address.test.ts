// Users whom an admin makes, or the first one by setting up, can prove their address: without that they would get no mail about
// tickets, and nothing would tell.
import { expect, test } from 'vitest'
import {
  changeMyEmail,
  confirmEmail,
  createPost,
  createToken,
  createUser,
  getMe,
  setUp,
  signUp,
} from '../contract/index.ts'
import { hashSecret } from '../server/credentials/secrets.ts'
import { openTestDesk } from './support/desk.ts'
import { secretIn } from './support/kept-mails.ts'
import { conversation } from './support/notifications.ts'

const password = 'keep-yourself-warm'
const desk = await openTestDesk()
const { anonymous, as, given, mails, rows } = desk
const named = { first_name: 'Jennie', last_name: 'Lanister' }

async function signedIn(username: string) {
  return (await anonymous(createToken, { body: { username, password } })).body
}

/** Follows the link of the only mail there is, and answers what that mail says. */
async function confirmed(user: { token: string }, email: string) {
  expect((await as(user)(getMe, {})).body.email_verified).toBe(false)
  const [mail, ...more] = await mails()
  expect(more).toEqual([])
  expect(mail).toMatchObject({ to: email, subject: 'Confirm your e-mail address for Frontdesk' })
  expect((await as(user)(confirmEmail, { body: { token: secretIn(mail) } })).status).toBe(204)
  expect((await as(user)(getMe, {})).body).toMatchObject({ email, email_verified: true })
  return mail?.text
}

// While there is no other admin.
const setUpToken = 'fds_made-for-this-test'
const settingUp = async (facts: object) => {
  await rows('delete from one_time_tokens')
  await rows(
    `insert into one_time_tokens (purpose, secret_hash, expires_at) values ('setup', $1, now() + interval '1 minute')`,
    [hashSecret(setUpToken)],
  )
  return anonymous(setUp, { body: { token: setUpToken, username: 'first', password, ...facts } })
}
const withoutEmail = await settingUp({})
const mailsWithoutEmail = await mails()
await rows(`delete from users`)
const withEmail = await settingUp({ email: 'first@shop.example' })

test('the first admin is mailed a link, where they gave an address', async () => {
  expect([withoutEmail.status, withoutEmail.body, mailsWithoutEmail]).toMatchObject([
    201,
    { email: null, email_verified: false },
    [],
  ])
  expect([withEmail.status, withEmail.body]).toMatchObject([201, { email_verified: false }])
  const text = await confirmed(await signedIn('first'), 'first@shop.example')
  expect(text).toContain('an account was made for you. Your username is first')
})

test('so is a user with a password from an admin, who is told of their work from then on', async () => {
  const body = {
    ...named,
    username: 'jennie',
    email: 'Jennie@shop.example',
    role: 'operator',
    password,
  } as const
  expect((await as(await given.admin())(createUser, { body })).status).toBe(201)
  const jennie = await signedIn('jennie')
  const text = await confirmed(jennie, body.email)
  expect(text).toContain('an account was made for you. Your username is jennie')
  const { id, asCustomer } = await conversation(desk)
  await rows(
    `update tickets set processed_by = (select id from users where username = 'jennie') where id = $1`,
    [id],
  )
  await asCustomer(createPost, { params: { id }, body: { message: 'Hello' } })
  expect((await mails()).map(({ to }) => to)).toEqual([body.email])
})

test('so is a colleague whom an admin signs up', async () => {
  const body = {
    username: 'olly',
    email: 'olly@shop.example',
    is_customer_service: 'True',
    password,
  } as const
  expect((await as(await given.admin())(signUp, { body })).status).toBe(201)
  expect(await confirmed(await signedIn('olly'), body.email)).toContain('an account was made for you')
})

test('whoever is invited gets the invitation alone, and whoever has no address nothing', async () => {
  const admin = as(await given.admin())
  const user = { ...named, role: 'operator' } as const
  await admin(createUser, { body: { ...user, username: 'invited', email: 'invited@shop.example' } })
  await admin(createUser, { body: { ...user, username: 'without', password } })
  expect((await mails()).map(({ subject }) => subject)).toEqual(['You are invited to Frontdesk'])
})

test('one who signed up is told so, and one who changes the address that it changes', async () => {
  const body = { username: 'lyly', email: 'lyly@shop.example', password }
  await anonymous(signUp, { body })
  const lyly = await signedIn('lyly')
  expect(await confirmed(lyly, body.email)).toContain(
    'somebody signed up with this address. The username is lyly',
  )
  await as(lyly)(changeMyEmail, { body: { email: 'other@shop.example' } })
  const mail = (await mails()).find(({ to }) => to === 'other@shop.example')
  expect(mail?.text).toContain('mail for the account lyly is to go to this address')
})
