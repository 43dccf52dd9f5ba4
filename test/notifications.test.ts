// Mails about tickets: who gets one for what, and who does not.
import { describe, expect, test } from 'vitest'
import {
  assignRequest,
  archiveCustomer,
  closeRequest,
  createPost,
  createRequest,
  deletePost,
  disableUser,
  editRequest,
  openTicket,
  replyToTicket,
  updatePost,
  updateTicket,
} from '../contract/index.ts'
import { tasksOf } from '../server/desk.ts'
import { openTestDesk, secretKey } from './support/desk.ts'
import { mailsAfterJobs, type KeptMails } from './support/kept-mails.ts'
import { conversation, later, proved } from './support/notifications.ts'
import { sendTo } from './support/send.ts'

const desk = await openTestDesk()
const { as, given, mails, rows } = desk
const withoutAdmins = await openTestDesk()

const say = (message: string) => ({ body: { message } })
const done = { status: 'COMPLETED', resolution_comment: 'Keep yourself warm' } as const
const to = (sent: readonly { to: string }[]) => sent.map((mail) => mail.to)

describe('a customer is told', () => {
  test('what the staff answers, by whom, and which ticket it is about', async () => {
    const { id, customer, asOperator } = await conversation(desk, {
      subject: 'Winter is coming',
      name: 'Jennie',
    })
    const { body: post } = await asOperator(createPost, {
      params: { id },
      ...say('Light a fire.\nThen wait.'),
    })
    const [mail, ...more] = await mails()
    expect(more).toEqual([])
    expect(mail).toMatchObject({
      to: customer.email,
      subject: `[#${id}] Winter is coming`,
      id: `<ticket-${id}-post-${post.id}@desk.test>`,
      thread: `<ticket-${id}@desk.test>`,
    })
    expect(mail?.text).toContain(`your ticket #${id}, “Winter is coming”`)
    expect(mail?.text).toContain('Jennie User wrote:\n\n> Light a fire.\n> Then wait.\n')
    expect(mail?.text).toContain(mail?.unsubscribe ?? 'no link')
    expect(await mails()).toEqual([])
  })

  test('what came with an answer, by name, and no file', async () => {
    const { id, operator } = await conversation(desk)
    const body = new FormData()
    body.append('message', 'See here')
    for (const name of ['bill.csv', 'notes.txt']) body.append('attachments', new Blob([`of ${name}`]), name)
    const sent = {
      method: 'POST',
      path: `/api/v1/tickets/${id}/posts`,
      headers: { authorization: `Bearer ${operator.token}` },
      body,
    }
    expect((await sendTo(desk.url, sent)).status).toBe(201)
    const [mail] = await mails()
    expect(mail?.text).toContain('\n> See here\n\nWith it: bill.csv, notes.txt\n\nPlease')
  })

  test('how it ended, completed or rejected', async () => {
    const { id, customer, asOperator } = await conversation(desk)
    await asOperator(closeRequest, { params: { id }, body: done })
    const [mail] = await mails()
    expect(mail).toMatchObject({ to: customer.email, thread: `<ticket-${id}@desk.test>` })
    expect(mail?.id).toMatch(new RegExp(`^<ticket-${id}-version-\\d+@desk\\.test>$`))
    expect(mail?.text).toMatch(/your ticket .* was completed\.\n\n> Keep yourself warm\n/)
    const other = await conversation(desk)
    await other.asOperator(closeRequest, {
      params: { id: other.id },
      body: { ...done, status: 'REJECTED' },
    })
    expect((await mails())[0]?.text).toMatch(/was rejected\.\n/)
  })

  test('at the address that the shop knows, where they have no login', async () => {
    const customer = await given.customer({ email: 'ned@winterfell.example' })
    const { id } = await given.request({ customer_id: customer.id })
    await as(await given.operator())(replyToTicket, { params: { id }, ...say('Yes') })
    expect(to(await mails())).toEqual(['ned@winterfell.example'])
  })

  test('nothing at an address that was only claimed, nor at that of the shop once they have a login', async () => {
    const { id, customer, customer_id, asOperator } = await conversation(desk)
    await rows(`update customers set email = 'shop-knows@winterfell.example' where id = $1`, [customer_id])
    await rows('update users set email_verified_at = null where id = $1', [customer.id])
    await asOperator(createPost, { params: { id }, ...say('Yes') })
    await asOperator(closeRequest, { params: { id }, body: done })
    expect(await mails()).toEqual([])
    // Nor later, all at once: what was said meanwhile is in the ticket.
    await rows('update users set email_verified_at = now() where id = $1', [customer.id])
    await asOperator(createPost, { params: { id }, ...say('By the way') })
    const [mail] = await mails()
    expect(mail?.text).toContain('> By the way')
    expect(mail?.text).not.toContain('> Yes')
  })

  test('nothing of notes, changes, or what was logged for them', async () => {
    const { id, customer_id, asOperator } = await conversation(desk)
    await asOperator(createPost, { params: { id }, body: { message: 'CANARY of a note', internal: true } })
    await asOperator(updateTicket, { params: { id }, body: { priority: 'high', tags: ['cold'] } })
    await asOperator(editRequest, { params: { id }, body: { body: 'Summer' } })
    await asOperator(createRequest, { params: { id: customer_id }, body: { body: 'By phone' } })
    expect(await mails()).toEqual([])
  })
})

describe('an operator is told', () => {
  test('what is given to them by somebody else, and not by themselves', async () => {
    const admin = as(await given.admin())
    const operator = await proved(desk, await given.operator())
    const customer = await given.customer({ first_name: 'Jon', last_name: 'Snow' })
    const { id } = await given.request({
      customer_id: customer.id,
      body: 'It is cold here',
      subject: 'Winter',
    })
    const assigning = { params: { id: operator.id, request_id: id } }
    await admin(assignRequest, assigning)
    const [mail, ...more] = await mails()
    expect(more).toEqual([])
    expect(mail).toMatchObject({ to: operator.email, subject: `[#${id}] Winter` })
    expect(mail?.text).toContain(
      'was given to you. Its priority is normal.\n\nJon Snow asks:\n\n> It is cold here\n',
    )
    // Given to them once more it is theirs already.
    await admin(assignRequest, assigning)
    const own = await given.request()
    await as(operator)(assignRequest, { params: { id: operator.id, request_id: own.id } })
    expect(await mails()).toEqual([])
  })

  test('what the customer answers to what they work on, also when that brings it back', async () => {
    const { id, operator, asCustomer, asOperator } = await conversation(desk, { name: 'Arya' })
    await asCustomer(createPost, { params: { id }, ...say('Colder by the day') })
    const [mail, ...more] = await mails()
    expect(more).toEqual([])
    expect(mail?.to).toBe(operator.email)
    expect(mail?.text).toContain('which is in progress.\n\nArya User wrote:\n\n> Colder by the day\n')
    await asOperator(closeRequest, { params: { id }, body: done })
    await mails()
    await later(desk)
    await asCustomer(createPost, { params: { id }, ...say('Not at all') })
    await later(desk)
    expect(to(await mails())).toEqual([operator.email])
  })

  test('nothing of new tickets, and of what colleagues answer', async () => {
    const { customer, id, asCustomer } = await conversation(desk)
    await asCustomer(openTicket, { body: { subject: 'New', message: 'Hello' } })
    expect(await mails()).toEqual([])
    await as(await given.operator())(createPost, { params: { id }, ...say('I am') })
    expect(to(await mails())).toEqual([customer.email])
  })

  test('what customers answer where nobody works: the admin who has been there longest and wants mails', async () => {
    const { as, given, mails, rows } = withoutAdmins
    const { id, operator, customer_id, asCustomer } = await conversation(withoutAdmins)
    const { id: unassigned } = await given.request({ customer_id })
    const reply = (ticket: number, message: string) =>
      asCustomer(createPost, { params: { id: ticket }, ...say(message) })
    await reply(unassigned, 'To none')
    expect(await mails()).toEqual([])

    const [first, second, third] = [await given.admin(), await given.admin(), await given.admin()]
    const admins = [
      await proved(withoutAdmins, first),
      await proved(withoutAdmins, second),
      await proved(withoutAdmins, third),
    ]
    await rows('update users set notifications = false where id = $1', [first.id])
    await reply(unassigned, 'Anybody there?')
    const [mail, ...more] = await mails()
    expect(more).toEqual([])
    expect(mail?.to).toBe(admins[1]?.email)
    expect(mail?.text).toContain('which is pending, and nobody works on it.')
    expect(mail?.text).toContain('> Anybody there?')

    // One customer is worth one such mail in an hour.
    const { id: another } = await given.request({ customer_id })
    await reply(another, 'And here?')
    expect(await mails()).toEqual([])
    await rows(`update notices set mailed_at = mailed_at - interval '61 minutes'`)

    // Who does, and wants no mails, is not passed over.
    await rows('update users set notifications = false where id = $1', [operator.id])
    await reply(id, 'Hello')
    expect(await mails()).toEqual([])
    await rows('update users set notifications = true where id = $1', [operator.id])
    expect((await as(third)(disableUser, { params: { id: operator.id } })).status).toBe(204)
    await reply(id, 'Are you still there?')
    const [ofGone, ...others] = await mails()
    expect(others).toEqual([])
    expect(ofGone?.to).toBe(admins[1]?.email)
    expect(ofGone?.text).toContain('which is in progress, and nobody works on it.')
  })

  test('nothing at an address that they have not proved', async () => {
    const { id, operator, asCustomer } = await conversation(desk)
    await rows('update users set email_verified_at = null where id = $1', [operator.id])
    await asCustomer(createPost, { params: { id }, ...say('Hello') })
    await as(await given.admin())(assignRequest, { params: { id: operator.id, request_id: id } })
    expect(await mails()).toEqual([])
  })
})

describe('what has changed until a mail is sent', () => {
  test('is in it: a post edited; and not: one deleted', async () => {
    const { id, asOperator } = await conversation(desk)
    const { body: first } = await asOperator(createPost, { params: { id }, ...say('Light a fore') })
    await asOperator(updatePost, { params: { id: first.id }, ...say('Light a fire') })
    const { body: second } = await asOperator(createPost, { params: { id }, ...say('SECRET of mine') })
    await asOperator(deletePost, { params: { id: second.id } })
    const [mail, ...more] = await mails()
    expect(more).toEqual([])
    expect(mail?.text).toContain('> Light a fire')
    expect(mail?.text).not.toMatch(/fore|SECRET/)
  })

  test.each([
    ['the only post deleted', ({ post }) => post.delete()],
    [
      'the customer archived',
      ({ customer_id, admin }) => admin(archiveCustomer, { params: { id: customer_id } }),
    ],
    ['their login disabled', ({ customer, admin }) => admin(disableUser, { params: { id: customer.id } })],
  ] satisfies [string, (was: Awaited<ReturnType<typeof answered>>) => Promise<unknown>][])(
    '%s: no mail',
    async (_, happens) => {
      await happens(await answered())
      expect(await mails()).toEqual([])
    },
  )

  async function answered() {
    const ticket = await conversation(desk)
    const { id, asOperator } = ticket
    const { body } = await asOperator(createPost, { params: { id }, ...say('Yes') })
    return {
      ...ticket,
      admin: as(await given.admin()),
      post: { delete: () => asOperator(deletePost, { params: { id: body.id } }) },
    }
  }

  test('a ticket brought back: no mail that it ended; given to another: one mail, to the latter', async () => {
    const { id, asCustomer, asOperator, operator } = await conversation(desk)
    await asOperator(closeRequest, { params: { id }, body: done })
    await asCustomer(createPost, { params: { id }, ...say('No') })
    expect(to(await mails())).toEqual([operator.email])
    const [first, second] = [
      await proved(desk, await given.operator()),
      await proved(desk, await given.operator()),
    ]
    const admin = as(await given.admin())
    for (const { id: to } of [first, second])
      await admin(assignRequest, { params: { id: to, request_id: id } })
    expect(to(await mails())).toEqual([second.email])
  })

  test('a customer archived, a login or an operator disabled: nothing of how it ended, nor of the work', async () => {
    const admin = as(await given.admin())
    const archived = await conversation(desk)
    await archived.asOperator(closeRequest, { params: { id: archived.id }, body: done })
    await admin(archiveCustomer, { params: { id: archived.customer_id } })
    const disabled = await conversation(desk)
    const operator = await proved(desk, await given.operator())
    await admin(assignRequest, { params: { id: operator.id, request_id: disabled.id } })
    await disabled.asCustomer(createPost, { params: { id: disabled.id }, ...say('Hello') })
    await admin(disableUser, { params: { id: operator.id } })
    expect(await mails()).toEqual([])
  })
})

describe('many at once', () => {
  test('a hundred answers to one side are two mails, and nothing is left out', async () => {
    const { id, operator, asCustomer } = await conversation(desk)
    await asCustomer(createPost, { params: { id }, ...say('post 0') })
    expect(to(await mails())).toEqual([operator.email])
    await Promise.all(
      Array.from({ length: 100 }, (_, number) =>
        asCustomer(createPost, { params: { id }, ...say(`post ${number + 1}`) }),
      ),
    )
    expect(await mails()).toEqual([])
    await later(desk)
    const [mail, ...more] = await mails()
    expect(more).toEqual([])
    expect(mail?.text.match(/^> post \d+$/gm)).toHaveLength(10)
    expect(mail?.text).toContain('There are 90 more, which are in the ticket.')
    await later(desk)
    expect(await mails()).toEqual([])
  })

  test('each side, and each ticket, has mails of its own', async () => {
    const [one, other] = [await conversation(desk), await conversation(desk)]
    for (const { id, asCustomer, asOperator } of [one, other]) {
      await asCustomer(createPost, { params: { id }, ...say('Hello') })
      await asOperator(createPost, { params: { id }, ...say('Hello') })
    }
    expect(to(await mails()).sort()).toEqual(
      [one, other].flatMap(({ customer, operator }) => [customer.email, operator.email]).sort(),
    )
  })

  test('two workers at one thread send one mail, and what comes while it is sent goes into the next', async () => {
    const { id, asCustomer } = await conversation(desk)
    const kept: KeptMails = {
      kept: [],
      send: async (mail) => {
        await asCustomer(createPost, { params: { id }, ...say('while it is sent') })
        kept.kept.push(mail)
      },
    }
    const tasks = tasksOf({ ...desk.ctx, mailer: kept }, secretKey)
    await asCustomer(createPost, { params: { id }, ...say('first') })
    const work = () => tasks['mail_replies']?.work({ ticket_id: id, side: 'operator' })
    await Promise.all([work(), work()])
    expect(kept.kept).toHaveLength(1)
    expect(kept.kept[0]?.text).not.toContain('while it is sent')
    await later(desk)
    const [next, ...more] = await mails()
    expect(more).toEqual([])
    expect(next?.text).toContain('> while it is sent')
    expect(next?.text).not.toContain('> first')
  })
})

test('a mail that fails is sent when that is possible, once, under the same name, and the call knows nothing of it', async () => {
  const { id, asOperator } = await conversation(desk)
  const names: (string | undefined)[] = []
  const broken: KeptMails = {
    kept: [],
    send: async (mail) => {
      names.push(mail.id)
      throw new Error('The mail server did not take a mail')
    },
  }
  const { status, body } = await asOperator(createPost, { params: { id }, ...say('Yes') })
  expect(status).toBe(201)
  await mailsAfterJobs(tasksOf({ ...desk.ctx, mailer: broken }, secretKey), desk.pool, broken)
  expect(names).toEqual([`<ticket-${id}-post-${body.id}@desk.test>`])
  // That a job has failed is written down without anybody waiting for it.
  const failed = `select from graphile_worker.jobs where locked_at is null and last_error is not null`
  await expect.poll(() => rows(failed)).toHaveLength(1)
  await later(desk)
  expect((await mails()).map((mail) => mail.id)).toEqual(names)
  await later(desk)
  expect(await mails()).toEqual([])
})

test('what was said before there were mails is not told with the first one', async () => {
  const { id, asOperator } = await conversation(desk)
  await asOperator(createPost, { params: { id }, ...say('years ago') })
  await rows('delete from notices')
  await rows('delete from graphile_worker._private_jobs')
  await asOperator(createPost, { params: { id }, ...say('today') })
  const [mail] = await mails()
  expect(mail?.text).toContain('> today')
  expect(mail?.text).not.toContain('years ago')
})

test('a reply that is undone is told to nobody', async () => {
  const { id, asOperator } = await conversation(desk)
  const headers = { 'if-match': '"99"' }
  expect(
    (await asOperator(updateTicket, { params: { id }, body: { priority: 'low' } }, headers)).status,
  ).toBe(412)
  const key = { 'idempotency-key': 'once' }
  for (const status of [201, 201])
    expect((await asOperator(createPost, { params: { id }, ...say('once') }, key)).status).toBe(status)
  const [mail, ...more] = await mails()
  expect(more).toEqual([])
  expect(mail?.text.match(/> once/g)).toHaveLength(1)
})

test('a customer who has but one name is called by it once', async () => {
  const customer = await given.customer({ first_name: 'Lyly', last_name: 'Lyly' })
  const operator = await proved(desk, await given.operator())
  const { id } = await given.request({ customer_id: customer.id })
  await as(await given.admin())(assignRequest, { params: { id: operator.id, request_id: id } })
  expect((await mails())[0]?.text).toContain('\n\nLyly asks:\n')
})

test('no mail ever holds what a note says', async () => {
  const { id, asCustomer, asOperator, operator } = await conversation(desk)
  const canary = 'CANARY-of-a-note'
  const note = () => asOperator(createPost, { params: { id }, body: { message: canary, internal: true } })
  await note()
  await asCustomer(createPost, { params: { id }, ...say('Hello') })
  await note()
  await asOperator(createPost, { params: { id }, ...say('Hello') })
  await note()
  const colleague = await proved(desk, await given.operator())
  const admin = as(await given.admin())
  await admin(assignRequest, { params: { id: colleague.id, request_id: id } })
  const sent = [...(await mails())]
  await later(desk)
  await admin(assignRequest, { params: { id: operator.id, request_id: id } })
  await asCustomer(createPost, { params: { id }, ...say('Hello again') })
  await note()
  await asOperator(closeRequest, { params: { id }, body: done })
  await later(desk)
  sent.push(...(await mails()))
  expect(sent.length).toBeGreaterThanOrEqual(5)
  expect(JSON.stringify(sent)).not.toContain(canary)
})
