// Which customer a portal login is: its own record from the beginning, and what the shop knows of its e-mail address only once that is proved.
import { expect, test } from 'vitest'
import {
  acceptInvitation,
  archiveCustomer,
  changeMyEmail,
  confirmEmail,
  createCustomer,
  createToken,
  createUser,
  getCustomer,
  getMe,
  listCustomerHistory,
  listCustomerRequests,
  resetPassword,
  forgotPassword,
  signUp,
  updateUser,
} from '../contract/index.ts'
import type { Actor } from '../server/context.ts'
import { ownRecords } from '../server/customers/index.ts'
import { inTransaction } from '../server/db/transaction.ts'
import type { Mail } from '../server/mail/mail.ts'
import { openTestDesk } from './support/desk.ts'
import { secretIn } from './support/kept-mails.ts'

const desk = await openTestDesk()
const { anonymous, as, ctx, given, mails, rows } = desk
const password = 'keep-yourself-warm'
const operator = await given.operator()
const admin = await given.admin()

let serial = 0
const newAddress = () => `Address-${(serial += 1)}@shop.example`

interface PortalLogin {
  readonly id: number
  readonly token: string
  /** The number of their own customer record. */
  readonly own: number
}

/** Who may confirm an address, by that. */
const whose = new Map<string, { token: string }>()
const confirm = (email: string, mail: Mail | undefined) =>
  as(whose.get(email) ?? { token: '' })(confirmEmail, { body: { token: secretIn(mail) } })

async function signedUp(email: string): Promise<PortalLogin> {
  const username = `portal-${(serial += 1)}`
  expect((await anonymous(signUp, { body: { username, email, password } })).status).toBe(201)
  const { token } = (await anonymous(createToken, { body: { username, password } })).body
  const { id } = (await as({ token })(getMe, {})).body
  whose.set(email, { token })
  return { id, token, own: (await recordOf(id)) ?? 0 }
}

async function recordOf(userId: number) {
  const [own] = await rows<{ id: number }>('select id from customers where user_id = $1', [userId])
  return own?.id
}

/** A user whom an admin has made, and who has proved their address. */
async function proved(email: string) {
  const body = {
    username: `made-${(serial += 1)}`,
    email,
    first_name: 'A',
    last_name: 'B',
    role: 'customer' as const,
  }
  const { id } = (await as(admin)(createUser, { body })).body
  await anonymous(acceptInvitation, { body: { token: secretIn((await mails())[0]), password } })
  await mails()
  return { id, email }
}

/** Follows the links of the mails that came to this address. */
async function confirmed(email: string) {
  const mail = (await mails()).find(({ to }) => to === email)
  expect((await confirm(email, mail)).status).toBe(204)
  await mails()
}

const shown = async (id: number) => (await as(operator)(getCustomer, { params: { id } })).body
const actionsOn = async (id: number) =>
  (await as(operator)(listCustomerHistory, { params: { id }, query: { sort: 'created' } })).body.results.map(
    ({ action }) => action,
  )
const known = async (email: string) =>
  (await as(operator)(createCustomer, { body: { first_name: 'Ed', last_name: 'Stark', email } })).body
const actorOf = (id: number, role: Actor['role'] = 'customer'): Actor => ({
  user_id: id,
  credential: null,
  role,
  scopes: null,
  request_id: 'a test',
})
const link = (user: { id: number }) => ownRecords.link(ctx, { user_id: user.id, request_id: 'a test' })

test('an address that is only claimed links nothing, gives nothing away, and keeps the shop from nothing', async () => {
  const email = newAddress()
  const customer = await known(email)
  const ticket = await given.request({ customer_id: customer.id })
  const thief = await signedUp(email.toUpperCase())
  await mails()
  await link(thief)
  expect(await shown(customer.id)).toMatchObject({ user_id: null, version: 1 })
  expect(thief.own).not.toBe(customer.id)
  expect(await ownRecords.ensure(ctx, actorOf(thief.id))).toBe(thief.own)
  expect(
    (await as(operator)(listCustomerRequests, { params: { id: customer.id } })).body.results,
  ).toMatchObject([{ id: ticket.id }])

  const free = newAddress()
  await signedUp(free)
  expect(
    (await as(operator)(createCustomer, { body: { first_name: 'A', last_name: 'B', email: free } })).status,
  ).toBe(201)
  const user = {
    username: 'same-address',
    email: free,
    first_name: 'A',
    last_name: 'B',
    role: 'operator' as const,
  }
  expect((await as(admin)(createUser, { body: { ...user, password } })).status).toBe(201)
})

test('nor does an address that an admin has put into the account', async () => {
  const email = newAddress()
  const customer = await known(email)
  const user = await signedUp(newAddress())
  await as(admin)(updateUser, { params: { id: user.id }, body: { email } })
  await link(user)
  expect((await shown(customer.id)).user_id).toBeNull()
})

test('once it is proved, the shop’s record is theirs, and what they asked before goes there with its history', async () => {
  const email = newAddress()
  const customer = await known(email)
  const old = await given.request({ customer_id: customer.id })
  const user = await signedUp(email)
  const open = await given.request({ customer_id: user.own, status: 'IN_PROGRESS' })
  const ended = await given.request({ customer_id: user.own, status: 'COMPLETED', archived: true })
  await confirmed(email)

  expect(await shown(customer.id)).toMatchObject({ user_id: user.id, version: 2, updated_by: user.id })
  expect(await shown(user.own)).toMatchObject({ user_id: null, archived_at: expect.any(String), version: 2 })
  const { results } = (
    await as(operator)(listCustomerRequests, {
      params: { id: customer.id },
      query: { sort: 'created', show_archived: true },
    })
  ).body
  expect(results.map(({ id, version }) => [id, version])).toEqual([
    [old.id, 1],
    [open.id, open.version + 1],
    [ended.id, ended.version + 1],
  ])
  expect(results.map(({ archived_at }) => archived_at === null)).toEqual([true, true, false])
  expect(await actionsOn(customer.id)).toEqual(['customer.created', 'customer.linked'])
  expect(await actionsOn(user.own)).toEqual(['customer.created', 'customer.archived'])
  const [linked] = (await as(operator)(listCustomerHistory, { params: { id: customer.id } })).body.results
  expect(linked).toMatchObject({ actor_id: user.id, changes: { user_id: { from: null, to: user.id } } })
  const moved = await rows(
    `select record_id, actor_id, (before -> 'customer_id')::int as from, (after -> 'customer_id')::int as to, request_id = 'a test' as test
     from audit_events where action = 'ticket.moved' order by record_id`,
  )
  expect(moved).toEqual(
    [open.id, ended.id].map((record_id) => ({
      record_id,
      actor_id: user.id,
      from: user.own,
      to: customer.id,
      test: false,
    })),
  )
  expect(await ownRecords.ensure(ctx, actorOf(user.id))).toBe(customer.id)

  const before = await rows('select max(id) from audit_events')
  await link(user)
  await link(user)
  expect(await rows('select max(id) from audit_events'), 'done again it changes nothing').toEqual(before)
})

test('where the shop knows nobody with the address, it becomes that of their own record', async () => {
  const email = newAddress()
  const user = await signedUp(email)
  await confirmed(email)
  expect(await shown(user.own)).toMatchObject({ email, user_id: user.id, archived_at: null, version: 2 })
  expect(await actionsOn(user.own)).toEqual(['customer.created', 'customer.updated'])
  const again = await as(operator)(createCustomer, { body: { first_name: 'A', last_name: 'B', email } })
  expect(again.problem).toMatchObject({ status: 409, conflicts_with: `/api/v1/customers/${user.own}` })
})

test('a customer who was archived meanwhile is nobody’s, and an address that the shop took meanwhile is found', async () => {
  const email = newAddress()
  const customer = await known(email)
  const user = await signedUp(email)
  await as(operator)(archiveCustomer, { params: { id: customer.id } })
  await confirmed(email)
  expect(await shown(customer.id)).toMatchObject({ user_id: null, version: 2 })
  expect(await shown(user.own)).toMatchObject({ email, user_id: user.id })

  const late = newAddress()
  const other = await signedUp(late)
  const mail = (await mails()).find(({ to }) => to === late)
  const made = await known(late)
  await confirm(late, mail)
  await mails()
  expect(await recordOf(other.id)).toBe(made.id)
})

test('a customer who has a login keeps it, whoever proves that address later', async () => {
  const email = newAddress()
  const customer = await known(email)
  const first = await signedUp(email)
  await confirmed(email)
  const moved = newAddress()
  await as(first)(changeMyEmail, { body: { email: moved } })
  whose.set(moved, first)
  await confirmed(moved)
  const second = await signedUp(email)
  await confirmed(email)
  expect(await shown(customer.id)).toMatchObject({ user_id: first.id, email })
  expect(await shown(second.own)).toMatchObject({ user_id: second.id, email: null, archived_at: null })
})

test('two records that the shop knows by addresses of one person are put together by nobody but people', async () => {
  const [one, two] = [newAddress(), newAddress()]
  const user = await signedUp(one)
  await confirmed(one)
  const other = await known(two)
  await as(user)(changeMyEmail, { body: { email: two } })
  whose.set(two, user)
  await confirmed(two)
  expect((await shown(other.id)).user_id).toBeNull()
  expect(await shown(user.own)).toMatchObject({ user_id: user.id, email: one, archived_at: null })
})

test('an invitation that is accepted and a password that is reset prove an address, too', async () => {
  for (const way of ['invitation', 'reset'] as const) {
    const email = newAddress()
    const customer = await known(email)
    const body = {
      username: `by-${way}`,
      email,
      first_name: 'Ed',
      last_name: 'Stark',
      role: 'customer' as const,
    }
    const secret = way === 'invitation' ? {} : { password }
    const { id } = (await as(admin)(createUser, { body: { ...body, ...secret } })).body
    if (way === 'reset') await anonymous(forgotPassword, { body: { email } })
    const mail = (await mails()).find(({ subject }) => !subject.startsWith('Confirm'))
    expect((await shown(customer.id)).user_id).toBeNull()
    const follow = way === 'invitation' ? acceptInvitation : resetPassword
    expect(
      (await anonymous(follow, { body: { token: secretIn(mail), password: 'and-stay-warm' } })).status,
    ).toBe(204)
    await mails()
    expect((await shown(customer.id)).user_id).toBe(id)
    expect(await rows('select id from customers where user_id = $1', [id])).toEqual([{ id: customer.id }])
  }
})

test('colleagues are linked to no customer', async () => {
  const email = newAddress()
  const customer = await known(email)
  const invited = { username: 'colleague', email, first_name: 'A', last_name: 'B', role: 'operator' as const }
  const { id } = (await as(admin)(createUser, { body: invited })).body
  await anonymous(acceptInvitation, { body: { token: secretIn((await mails())[0]), password } })
  await mails()
  await link({ id })
  expect((await shown(customer.id)).user_id).toBeNull()
})

test('a user whom an admin made gets a record when it is needed, one however many ask at once', async () => {
  const { id } = await given.user()
  const numbers = await Promise.all(Array.from({ length: 10 }, () => ownRecords.ensure(ctx, actorOf(id))))
  expect(new Set(numbers).size).toBe(1)
  expect(await rows('select id from customers where user_id = $1', [id])).toEqual([{ id: numbers[0] }])
  expect(await shown(numbers[0] ?? 0)).toMatchObject({
    first_name: 'Test',
    last_name: 'User',
    created_by: id,
  })
})

test('one who has proved their address before is the customer with it at once, or gives it to the record that is made', async () => {
  const [one, two] = [await proved(newAddress()), await proved(newAddress())]
  const customer = await known(one.email)
  expect(await ownRecords.ensure(ctx, actorOf(one.id))).toBe(customer.id)
  const made = await ownRecords.ensure(ctx, actorOf(two.id))
  expect((await shown(made)).email).toBeNull()
  await mails()
  expect(await shown(made)).toMatchObject({ email: two.email, user_id: two.id })
})

test('a record that the shop has archived is of no use to its login, unless the shop knows them by another one', async () => {
  const email = newAddress()
  const user = await signedUp(email)
  await confirmed(email)
  const ticket = await given.request({ customer_id: user.own })
  await as(operator)(archiveCustomer, { params: { id: user.own } })
  await expect(ownRecords.ensure(ctx, actorOf(user.id))).rejects.toMatchObject({
    status: 409,
    code: 'customer_archived',
  })
  const again = await known(email)
  expect(await ownRecords.ensure(ctx, actorOf(user.id))).toBe(again.id)
  expect(await actionsOn(user.own)).toEqual([
    'customer.created',
    'customer.updated',
    'customer.archived',
    'customer.unlinked',
  ])
  const archived = (
    await as(operator)(listCustomerRequests, { params: { id: user.own }, query: { show_archived: true } })
  ).body.results
  expect(
    archived.map(({ id }) => id),
    'its tickets stay',
  ).toEqual([ticket.id])
})

test('a record that is being made while the shop comes to know them is given up again', async () => {
  const user = await proved(newAddress())
  let linking: Promise<void> | undefined
  const own = await inTransaction(ctx, async (ctx) => {
    const made = await ownRecords.ensure(ctx, actorOf(user.id))
    await known(user.email)
    linking = link(user)
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    await expect.poll(() => rows(waiting)).toHaveLength(1)
    return made
  })
  await linking
  expect(await shown(own)).toMatchObject({ user_id: null, archived_at: expect.any(String) })
  expect(await shown((await recordOf(user.id)) ?? 0)).toMatchObject({ email: user.email, archived_at: null })
})

test('a record that is asked for while the login is being linked is the one that it is linked to', async () => {
  for (let round = 0; round < 10; round += 1) {
    const user = await proved(newAddress())
    const customer = await known(user.email)
    const asked = await Promise.all([
      link(user),
      ownRecords.ensure(ctx, actorOf(user.id)),
      link(user),
      ownRecords.ensure(ctx, actorOf(user.id)),
    ])
    expect(asked).toEqual([undefined, customer.id, undefined, customer.id])
    expect(await actionsOn(customer.id)).toEqual(['customer.created', 'customer.linked'])
  }
})

test('whatever happens at once, a login has one customer, a customer one login, and no ticket stays behind', async () => {
  for (let round = 0; round < 15; round += 1) {
    const email = newAddress()
    const customer = await known(email)
    const user = await signedUp(email)
    const [mail] = await mails()
    await confirm(email, mail)
    const asked = Promise.all(
      Array.from({ length: 3 }, async () => given.request({ customer_id: user.own }).catch(() => undefined)),
    )
    await Promise.all([
      link(user),
      link(user),
      ownRecords.ensure(ctx, actorOf(user.id)).catch((error: unknown) =>
        // It was linked, and then archived.
        expect(error).toMatchObject({ code: 'customer_archived' }),
      ),
      ...(round % 3 === 0 ? [as(operator)(archiveCustomer, { params: { id: customer.id } })] : []),
      asked,
    ])
    await link(user)
    const own = await rows<{ id: number; archived_at: string | null }>(
      'select id, archived_at from customers where user_id = $1',
      [user.id],
    )
    expect(own).toHaveLength(1)
    const behind = await rows(
      `select tickets.id from tickets join customers on customers.id = customer_id
       where customer_id = $1 and customers.archived_at is not null and customers.user_id is null`,
      [user.own],
    )
    expect(behind).toEqual([])
  }
})
