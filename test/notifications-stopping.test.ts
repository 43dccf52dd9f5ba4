// Stopping the mails about tickets: by the link in each, by a mail program's button, and in one's account.
import { describe, expect, test } from 'vitest'
import {
  assignRequest,
  closeRequest,
  createCustomer,
  getMe,
  updateCustomer,
  updateMe,
} from '../contract/index.ts'
import { ownRecords } from '../server/customers/index.ts'
import type { Mail } from '../server/mail/mail.ts'
import { openTestDesk } from './support/desk.ts'
import { conversation, proved } from './support/notifications.ts'

const desk = await openTestDesk()
const { as, given, mails, rows, url } = desk

const rejected = { status: 'REJECTED', resolution_comment: 'No' } as const

/** Ends a ticket of this customer, and answers the mails that came of it. */
async function ended(customer_id: number): Promise<Mail[]> {
  const { id } = await given.request({ customer_id })
  await as(await given.admin())(closeRequest, { params: { id }, body: rejected })
  return mails()
}

/** Someone without a login, and the link in a mail of theirs. */
async function reader(email = `reader-${crypto.randomUUID()}@winterfell.example`) {
  const { id } = await given.customer({ email })
  const [mail] = await ended(id)
  return { id, email, link: linkIn(mail) }
}

function linkIn(mail: Mail | undefined): string {
  const { pathname, search } = new URL(mail?.unsubscribe ?? '')
  return pathname + search
}

const at = async (path: string, options?: RequestInit) => {
  const answer = await fetch(url + path, { redirect: 'manual', ...options })
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    text: await answer.text(),
    headers: answer.headers,
  }
}
const oneClick = {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'List-Unsubscribe=One-Click',
}
const wanted = async (table: 'customers' | 'users', id: number) =>
  (await rows<{ notifications: boolean }>(`select notifications from ${table} where id = $1`, [id]))[0]
    ?.notifications

const changes = (type: 'customer' | 'user', id: number) =>
  rows<{ actor_id: number | null; actor_role: string; notifications: boolean }>(
    `select actor_id, actor_role, (after ->> 'notifications')::boolean as notifications from audit_events
     where action = $1 and record_id = $2 order by id`,
    [`${type}.notifications_changed`, id],
  )

describe('the link in a mail', () => {
  test('shows a page that asks, and changes nothing, however often programs open it', async () => {
    const { id, link } = await reader()
    for (const method of ['GET', 'GET', 'HEAD']) {
      const { status, type, headers } = await at(link, { method })
      expect([status, type]).toEqual([200, 'text/html; charset=utf-8'])
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('content-security-policy')).toContain("form-action 'self'")
    }
    expect(await wanted('customers', id)).toBe(true)
    const { text } = await at(link)
    expect(text).toContain('Stop these mails')
    expect(text).not.toContain('winterfell')
  })

  test('stops the mails of a customer without a login by one click, and the same page takes it back', async () => {
    const { id, link } = await reader()
    const stopped = await at(link, oneClick)
    expect(stopped.status).toBe(200)
    expect(stopped.text).toContain('No more mails')
    expect(await ended(id)).toEqual([])

    const action = /action="([^"]+)"/.exec(stopped.text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const resumed = await at(action, { ...oneClick, body: '' })
    expect(resumed.text).toContain('Stop these mails')
    expect(await ended(id)).toHaveLength(1)
    expect(await changes('customer', id)).toEqual([
      { actor_id: null, actor_role: 'customer', notifications: false },
      { actor_id: null, actor_role: 'customer', notifications: true },
    ])
  })

  test('may be followed twice, and by many at once, with one effect', async () => {
    const { id, link } = await reader()
    const answers = await Promise.all(Array.from({ length: 10 }, () => at(link, oneClick)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
    expect(await changes('customer', id)).toHaveLength(1)
  })

  test.each([
    ['a form', oneClick],
    ['a form in parts (RFC 8058)', { method: 'POST', body: parts() }],
    ['nothing', { method: 'POST' }],
    ['whatever', { method: 'POST', headers: { 'content-type': 'application/x-odd' }, body: 'x' }],
  ])('works without cookies, whatever the program sends with it: %s', async (_, options) => {
    const { id, link } = await reader()
    expect((await at(link, options)).status).toBe(200)
    expect(await wanted('customers', id)).toBe(false)
  })

  test('stops all mails of a user, whom it tells nothing else about, and does so in their name', async () => {
    const { id, customer, asOperator, operator } = await conversation(desk)
    await asOperator(closeRequest, { params: { id }, body: rejected })
    const [mail] = await mails()
    await at(linkIn(mail), oneClick)
    expect(await changes('user', customer.id)).toEqual([
      { actor_id: customer.id, actor_role: 'customer', notifications: false },
    ])
    expect((await as(customer)(getMe, {})).body.notifications).toBe(false)
    expect((await as(operator)(getMe, {})).body.notifications).toBe(true)
  })

  test('is that of the login, once a customer has one', async () => {
    const { id, email, link } = await reader()
    const user = await given.user()
    await rows('update users set email = $2, email_verified_at = now() where id = $1', [user.id, email])
    await rows('update customers set user_id = $2 where id = $1', [id, user.id])
    expect((await at(link, oneClick)).status).toBe(200)
    expect(await wanted('users', user.id)).toBe(false)
    expect(await ended(id)).toEqual([])
  })

  test('holds for the login, too, where it was followed before there was one', async () => {
    const { id, email, link } = await reader()
    await at(link, oneClick)
    const user = await given.user()
    await rows(
      'update users set email = $2, email_verified_at = now(), version = version + 1 where id = $1',
      [user.id, email],
    )
    await rows(
      `insert into audit_events (actor_role, action, record_type, record_id, after, request_id)
       select 'test', 'user.email_changed', 'user', id, to_jsonb(users), 'by hand' from users where id = $1`,
      [user.id],
    )
    await ownRecords.link(desk.ctx, { user_id: user.id, request_id: 'proof' })
    expect(await ended(id)).toEqual([])
    expect(await changes('user', user.id)).toHaveLength(1)
    // It is theirs to say in their account now.
    await as(user)(updateMe, { body: { notifications: true } })
    expect(await ended(id)).toHaveLength(1)
  })
})

describe('one and the same 400 answers', () => {
  test('the link of a customer for the user of the same number and address', async () => {
    const [number, email] = [900_001, 'twin@winterfell.example']
    await rows(`insert into customers (id, first_name, last_name, email) values ($1, 'Twin', 'One', $2)`, [
      number,
      email,
    ])
    await rows(`insert into users (id, username, role, email) values ($1, 'twin', 'customer', $2)`, [
      number,
      email,
    ])
    const [mail] = await ended(number)
    const link = linkIn(mail)
    expect((await at(link)).status).toBe(200)
    expect((await at(link.replace('=customer.', '=user.'), oneClick)).status).toBe(400)
    expect(await wanted('users', number)).toBe(true)
  })

  test('what is forged, cut, or somebody else’s', async () => {
    const mine = await reader()
    const other = await reader()
    const token = new URLSearchParams(mine.link.split('?')[1]).get('token') ?? ''
    const [kind, number, signature = ''] = token.split('.')
    const hers = other.link.split('.').at(-1)
    const flipped = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`
    const tokens = [
      '',
      token.slice(0, -1),
      `${token}A`,
      `${kind}.${number}.${flipped}`,
      `${kind}.${number}.${hers}`,
      `user.${number}.${signature}`,
      `${kind}.999999.${signature}`,
      `${kind}.99999999999999999999.${signature}`,
      `${kind}.${number}'--.${signature}`,
      `constructor.${number}.${signature}`,
      '\u0000',
      'x'.repeat(5_000),
    ]
    const links = [
      '/unsubscribe',
      ...tokens.map((forged) => `/unsubscribe?token=${encodeURIComponent(forged)}`),
      `${mine.link}&token=${token}`,
    ]
    const pages = new Set<string>()
    for (const link of links)
      for (const options of [{}, oneClick]) {
        const { status, text } = await at(link, options)
        expect(status, link).toBe(400)
        pages.add(text)
      }
    expect(pages.size).toBe(1)
    expect([await wanted('customers', mine.id), await wanted('customers', other.id)]).toEqual([true, true])
  })

  test('the link of an address that mail goes to no more; and whoever is there now is asked anew', async () => {
    const { id, link } = await reader()
    await at(link, oneClick)
    const admin = as(await given.admin())
    await admin(updateCustomer, { params: { id }, body: { company: 'Winterfell' } })
    expect(await wanted('customers', id)).toBe(false)
    await admin(updateCustomer, { params: { id }, body: { email: 'right@winterfell.example' } })
    expect((await at(link)).status).toBe(400)
    expect((await at(link, oneClick)).status).toBe(400)
    expect((await ended(id)).map(({ to }) => to)).toEqual(['right@winterfell.example'])
  })

  test('nothing else is answered there: another method 405, too much 413', async () => {
    const { link } = await reader()
    expect((await at(link, { method: 'DELETE' })).status).toBe(405)
    expect((await at(link, { ...oneClick, body: 'x'.repeat(5_000) })).status).toBe(413)
  })
})

describe('in one’s account', () => {
  test('mails are stopped and sent again, beside the name, by users alone', async () => {
    const { id, operator, asCustomer } = await conversation(desk)
    const me = as(operator)
    expect((await me(updateMe, { body: { notifications: false } })).body).toMatchObject({
      first_name: 'Arya',
      notifications: false,
    })
    const admin = as(await given.admin())
    const other = await proved(desk, await given.operator())
    await admin(assignRequest, { params: { id: other.id, request_id: id } })
    await mails()
    await admin(assignRequest, { params: { id: operator.id, request_id: id } })
    expect(await mails()).toEqual([])
    await me(updateMe, { body: { notifications: true, first_name: 'Jennie' } })
    expect((await me(getMe, {})).body).toMatchObject({ first_name: 'Jennie', notifications: true })
    expect((await asCustomer(updateMe, { body: { notifications: null } as never })).status).toBe(422)
    expect((await asCustomer(updateMe, { body: { notifications: 'False' } as never })).status).toBe(422)
  })
})

test('who was there before has mails, and nothing of it is in a customer’s reply', async () => {
  const { body } = await as(await given.operator())(createCustomer, {
    body: { first_name: 'Ed', last_name: 'Stark' },
  })
  expect(body).not.toHaveProperty('notifications')
  expect(await wanted('customers', body.id)).toBe(true)
})

function parts(): FormData {
  const form = new FormData()
  form.set('List-Unsubscribe', 'One-Click')
  return form
}
