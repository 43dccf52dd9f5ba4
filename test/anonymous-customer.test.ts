// What a call without credentials may say where ANONYMOUS_ROLE=customer: nothing. A post that nobody has said would be told to the
// customer as the staff's, and bring tickets back.
import { expect, test } from 'vitest'
import {
  closeRequest,
  createPost,
  getTicket,
  listPosts,
  openNewTicket,
  openTicket,
  replyToTicket,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { conversation, later } from './support/notifications.ts'

const desk = await openTestDesk()
const trying = await openTestDesk({ beside: desk, anonymousRole: 'customer', ticketVisibility: 'all' })
const { anonymous } = trying

const evil = { message: 'We have sold your account' }

test('whoever is nobody reads every ticket, and answers none as if they were the shop', async () => {
  const { id, customer, asOperator } = await conversation(desk)
  const params = { id }
  await asOperator(createPost, { params, body: { message: 'Light a fire' } })
  expect(await desk.mails()).toHaveLength(1)
  await later(desk)

  expect((await anonymous(getTicket, { params })).status).toBe(200)
  for (const { status, problem } of [
    await anonymous(createPost, { params, body: evil }),
    await anonymous(replyToTicket, { params, body: evil }),
  ])
    expect([status, problem.detail]).toEqual([401, 'Customers answer in their own name, so sign in first.'])
  // As for opening one.
  expect((await anonymous(openTicket, { body: { subject: 'Winter', ...evil } })).status).toBe(401)
  expect((await anonymous(openNewTicket, { body: { subject: 'Winter', ...evil } })).status).toBe(401)

  await asOperator(createPost, { params, body: { message: 'Then wait' } })
  const [mail] = await desk.mails()
  expect(mail?.to).toBe(customer.email)
  expect(mail?.text).toContain('> Then wait')
  expect(mail?.text).not.toContain('sold')
  expect((await anonymous(listPosts, { params })).body.count).toBe(3)
})

test('they bring no ticket back, and are shown no link to answer', async () => {
  const { id, asOperator, asCustomer } = await conversation(desk)
  const params = { id }
  const done = { status: 'COMPLETED', resolution_comment: 'Keep yourself warm' } as const
  await asOperator(closeRequest, { params, body: done })
  expect((await anonymous(createPost, { params, body: evil })).status).toBe(401)
  const hal = { accept: 'application/hal+json' }
  const seen = await anonymous(getTicket, { params }, hal)
  expect(seen.body).toMatchObject({ status: 'COMPLETED', posts_count: 1 })
  expect(seen.body).not.toHaveProperty('_links.reply')
  expect((await asCustomer(getTicket, { params }, hal)).body).toHaveProperty('_links.reply')
  expect((await asCustomer(createPost, { params, body: { message: 'Not yet' } })).status).toBe(201)
})

test('without credentials the staff may be tried out: it answers, and a customer is told', async () => {
  const staff = await openTestDesk({ beside: desk, anonymousRole: 'operator' })
  const { id, customer } = await conversation(desk)
  await desk.mails()
  const answer = await staff.anonymous(createPost, { params: { id }, body: { message: 'Light a fire' } })
  expect([answer.status, answer.body.author_id]).toEqual([201, null])
  expect((await desk.mails()).map(({ to }) => to)).toEqual([customer.email])
})
