// Tickets as conversations: who sees and says what, notes, tombstones, edits, and how a customer's answer brings a ticket back.
import { describe, expect, test } from 'vitest'
import {
  archiveCustomer,
  archiveRequest,
  assignRequest,
  closeRequest,
  createPost,
  createRequest,
  deletePost,
  editRequest,
  getPost,
  getRequest,
  getTicket,
  listPostHistory,
  listPosts,
  listRequestHistory,
  listTickets,
  openNewTicket,
  openTicket,
  replyToTicket,
  updatePost,
  updateTicket,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import type { TestUser } from './support/given.ts'

const desk = await openTestDesk()
const open = await openTestDesk({ beside: desk, ticketVisibility: 'all' })
const { as, given, rows } = desk
const operator = await given.operator()
const staff = as(operator)

/** A customer with a login. */
async function portalUser(): Promise<TestUser & { customer_id: number }> {
  const user = await given.user()
  return { ...user, customer_id: await given.own(user) }
}

async function opened(user: TestUser) {
  const { status, body } = await as(user)(openTicket, { body: { subject: 'Winter', message: 'It is cold' } })
  expect(status).toBe(201)
  return body
}

async function completed(ticketId: number) {
  await staff(assignRequest, { params: { id: operator.id, request_id: ticketId } })
  const { body } = await staff(closeRequest, {
    params: { id: ticketId },
    body: { status: 'COMPLETED', resolution_comment: 'Keep warm' },
  })
  return body
}

const say = (user: TestUser, id: number, message = 'And colder', internal = false) =>
  as(user)(createPost, { params: { id }, body: { message, ...(internal ? { internal } : {}) } })

const actionsOf = async (type: string, id: number) =>
  (
    await rows<{ action: string }>(
      'select action from audit_events where record_type = $1 and record_id = $2 order by id',
      [type, id],
    )
  ).map(({ action }) => action)

describe('one record, two views', () => {
  test('what a customer opens is the same ticket for both, and each change reaches the other view', async () => {
    const ed = await portalUser()
    const ticket = await opened(ed)
    expect(ticket).toMatchObject({
      subject: 'Winter',
      customer_id: ed.customer_id,
      status: 'PENDING',
      priority: 'normal',
      processed_by: null,
      posts_count: 1,
      follow_up_of: null,
      tags: null,
      version: 1,
    })
    const params = { id: ticket.id }
    const request = await staff(getRequest, { params })
    expect(request.body).toMatchObject({
      body: 'It is cold',
      subject: 'Winter',
      tags: [],
      priority: 'normal',
    })

    const labeled = await staff(updateTicket, {
      params,
      body: { priority: 'URGENT' as 'urgent', tags: ['Snow ', 'snow', 'Wall'] },
    })
    expect(labeled.body).toMatchObject({ priority: 'urgent', tags: ['snow', 'wall'], version: 2 })
    expect((await staff(getRequest, { params })).body).toMatchObject({
      priority: 'urgent',
      tags: ['snow', 'wall'],
    })
    expect((await as(ed)(getTicket, { params })).body).toMatchObject({ priority: 'urgent', tags: null })

    await staff(editRequest, { params, body: { subject: 'Summer', body: 'It is warm' } })
    const [ask] = (await as(ed)(listPosts, { params })).body.results
    expect(ask).toMatchObject({ message: 'It is warm', version: 2, edited_by: operator.id })
    const edited = await as(ed)(updatePost, {
      params: { id: ask?.id ?? 0 },
      body: { message: 'It is mild' },
    })
    expect(edited.body).toMatchObject({ message: 'It is mild', edited_by: ed.id })
    expect((await staff(getRequest, { params })).body).toMatchObject({ body: 'It is mild', version: 4 })
    const history = await staff(listRequestHistory, { params })
    expect(history.body.results[0]?.changes['body']).toEqual({ from: 'It is warm', to: 'It is mild' })
    await completed(ticket.id)
    expect((await as(ed)(getTicket, { params })).body).toMatchObject({
      subject: 'Summer',
      status: 'COMPLETED',
      processed_by: operator.id,
      resolution_comment: 'Keep warm',
    })
    const late = await as(ed)(updatePost, { params: { id: ask?.id ?? 0 }, body: { message: 'It is hot' } })
    expect([late.status, late.problem.type]).toEqual([409, 'urn:frontdesk:problem:wrong_state'])
  })

  test('priority and tags may come with a logged request', async () => {
    const { id } = await given.customer()
    const { body } = await staff(createRequest, {
      params: { id },
      body: { body: 'Wood', priority: 'high', tags: ['Fuel'] },
    })
    expect(body).toMatchObject({ priority: 'high', tags: ['fuel'] })
    const found = await staff(listTickets, { query: { tag: 'FUEL' } })
    expect(found.body.results.map((ticket) => ticket.id)).toEqual([body.id])
  })

  test.each([
    [{ tags: ['a,b'] }, '/tags/0 must show something, without a comma'],
    [{ tags: [' '] }, '/tags/0 must show something, without a comma'],
    [{ tags: Array.from({ length: 21 }, (_, n) => `t${n}`) }, '/tags must'],
    [{ priority: 'high!' }, '/priority must be one of low, normal, high, urgent'],
    [{}, 'body must name at least one field to change'],
  ])('%j is refused', async (body, detail) => {
    const { id } = await given.request()
    const refused = await staff(updateTicket, { params: { id }, body: body as never })
    expect([refused.status, refused.problem.detail]).toEqual([422, expect.stringContaining(detail)])
  })
})

describe('who sees what', () => {
  test('I08 a customer sees, answers and finds tickets of their own alone', async () => {
    const [ed, jon] = [await portalUser(), await portalUser()]
    const ticket = await opened(ed)
    const params = { id: ticket.id }
    for (const refused of [
      await as(jon)(getTicket, { params }),
      await as(jon)(listPosts, { params }),
      await say(jon, ticket.id),
      await as(jon)(replyToTicket, { params, body: { message: 'Mine' } }),
    ])
      expect([refused.status, refused.problem.detail]).toEqual([404, `There is no ticket ${ticket.id}.`])
    const lists = [
      await as(jon)(listTickets, {}),
      await as(jon)(listTickets, { query: { customer_id: ed.customer_id } }),
    ]
    for (const { body } of lists) expect([body.count, body.results]).toEqual([0, []])
    const own = await as(ed)(listTickets, { query: { q: 'winter', status: 'PENDING' } })
    expect(own.body.results.map(({ id }) => id)).toEqual([ticket.id])
    expect((await as(ed)(listTickets, { query: { tag: 'snow' } })).status).toBe(403)
  })

  test('with TICKET_VISIBILITY=all a customer sees and answers any ticket, but no note', async () => {
    const [ed, jon] = [await portalUser(), await portalUser()]
    const { id } = await opened(ed)
    await say(operator, id, 'Do not tell', true)
    const params = { id }
    expect((await open.as(jon)(getTicket, { params })).body.id).toBe(id)
    expect((await open.as(jon)(createPost, { params, body: { message: 'Me too' } })).status).toBe(201)
    const thread = await open.as(jon)(listPosts, { params })
    expect(thread.body.results.map(({ message }) => message)).toEqual(['It is cold', 'Me too'])
    expect((await open.as(jon)(listTickets, {})).body.count).toBeGreaterThan(1)
    const [ask] = thread.body.results
    expect(
      (await open.as(jon)(updatePost, { params: { id: ask?.id ?? 0 }, body: { message: 'x' } })).status,
    ).toBe(403)
  })

  test('the staff opens none of its own', async () => {
    const refused = await staff(openTicket, { body: { subject: 'Winter', message: 'It is cold' } })
    expect([refused.status, refused.problem.detail]).toEqual([
      403,
      'This call is for the role customer; yours is operator.',
    ])
  })

  test('a login without a customer gets one with its first ticket, once, however many come at the same moment', async () => {
    const user = await given.user()
    const all = await Promise.all(
      Array.from({ length: 8 }, () => as(user)(openTicket, { body: { subject: 'W', message: 'C' } })),
    )
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 201))
    expect(new Set(all.map(({ body }) => body.customer_id)).size).toBe(1)
  })

  test('a login whose customer is archived opens nothing, and is told so', async () => {
    const ed = await portalUser()
    const ticket = await opened(ed)
    await staff(archiveCustomer, { params: { id: ed.customer_id } })
    const refused = await as(ed)(openNewTicket, { body: { subject: 'W', message: 'C' } })
    expect([refused.status, refused.problem.type]).toEqual([409, 'urn:frontdesk:problem:customer_archived'])
    expect((await say(ed, ticket.id)).status).toBe(409)
    expect((await as(ed)(getTicket, { params: { id: ticket.id } })).status).toBe(200)
  })
})

describe('a thread', () => {
  test('is read oldest first, by pages, each post with who wrote it', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    await say(operator, id, 'Put on a coat')
    await say(ed, id, 'Which?')
    const first = await as(ed)(listPosts, { params: { id }, query: { limit: 2 } })
    expect(first.body.count).toBe(3)
    expect(first.body.results).toMatchObject([
      {
        username: ed.username,
        message: 'It is cold',
        author_role: 'customer',
        internal: false,
        ticket_id: id,
      },
      {
        username: operator.username,
        message: 'Put on a coat',
        author_role: 'operator',
        author_name: 'Test User',
      },
    ])
    const next = await fetch(String(first.body.next).replace('http://desk.test', desk.url), {
      headers: { authorization: `Bearer ${ed.token}` },
    })
    const second = (await next.json()) as typeof first.body
    expect(second.results.map(({ message }) => message)).toEqual(['Which?'])
    expect((await as(ed)(getTicket, { params: { id } })).body).toMatchObject({ posts_count: 3, version: 3 })
    expect(await actionsOf('ticket', id)).toEqual(['ticket.created', 'ticket.replied', 'ticket.replied'])
  })

  test('many who answer at once each get a number of their own, and none is lost', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, n) => say(n % 2 ? ed : operator, id, `${n}`, n % 4 === 0)),
    )
    expect(all.every(({ status }) => status === 201)).toBe(true)
    expect((await staff(listPosts, { params: { id } })).body.count).toBe(21)
    expect((await as(ed)(listPosts, { params: { id } })).body.count).toBe(16)
  })

  test('on an archived ticket nobody says anything more, and is told the way out', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    const { body: post } = await say(ed, id)
    await completed(id)
    await staff(archiveRequest, { params: { id } })
    const wayOut = {
      customer: 'open a new one instead: POST /api/v1/tickets.',
      staff: 'log a new request for its customer instead: POST /api/v1/customers/{id}/requests.',
    }
    for (const [who, refused] of [
      ['customer', await say(ed, id)],
      ['staff', await say(operator, id)],
      ['staff', await say(operator, id, 'x', true)],
      ['customer', await as(ed)(updatePost, { params: { id: post.id }, body: { message: 'x' } })],
      ['customer', await as(ed)(deletePost, { params: { id: post.id } })],
      ['staff', await staff(updateTicket, { params: { id }, body: { priority: 'low' } })],
    ] as const)
      expect([refused.status, refused.problem.type, refused.problem.detail]).toEqual([
        409,
        'urn:frontdesk:problem:ticket_archived',
        `Ticket ${id} is archived; ${wayOut[who]}`,
      ])
    expect((await as(ed)(listTickets, {})).body.count).toBe(0)
    expect((await as(ed)(listTickets, { query: { show_archived: true } })).body.count).toBe(1)
  })
})

describe('a note', () => {
  test('is the staff’s: a customer cannot read it, nor tell from the ticket that there is one', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    const params = { id }
    const look = async () => {
      const { body, headers } = await as(ed)(getTicket, { params })
      const thread = await as(ed)(listPosts, { params })
      return [body, headers.get('etag'), thread.body]
    }
    const before = await look()
    const { body: note } = await say(operator, id, 'He is difficult', true)
    expect(note).toMatchObject({ internal: true, message: 'He is difficult' })
    expect(await look()).toEqual(before)
    expect((await as(ed)(getPost, { params: { id: note.id } })).status).toBe(404)
    expect((await as(ed)(deletePost, { params: { id: note.id } })).status).toBe(404)
    expect((await staff(listPosts, { params })).body.results.map(({ internal }) => internal)).toEqual([
      false,
      true,
    ])
    expect((await staff(getTicket, { params })).body.version).toBe(1)
    expect((await say(ed, id, 'x', true)).status).toBe(403)
    await staff(deletePost, { params: { id: note.id } })
    expect(await look()).toEqual(before)
  })
})

describe('deleting', () => {
  test('leaves a place without text for the staff, and nothing for the customer, its count too', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    const params = { id }
    const { body: post } = await say(ed, id, 'A secret')
    const before = (await as(ed)(getTicket, { params })).body
    expect((await as(ed)(deletePost, { params: { id: post.id } })).status).toBe(204)
    expect((await as(ed)(deletePost, { params: { id: post.id } })).status).toBe(404)

    const thread = await as(ed)(listPosts, { params })
    expect([thread.body.count, thread.body.results.length]).toEqual([1, 1])
    expect((await as(ed)(getTicket, { params })).body).toMatchObject({
      posts_count: 1,
      version: before.version + 1,
    })
    expect((await as(ed)(getTicket, { params })).body.last_post_at < before.last_post_at).toBe(true)
    const seen = await staff(listPosts, { params })
    expect(seen.body.count).toBe(2)
    expect(seen.body.results[1]).toMatchObject({
      message: '',
      deleted_at: expect.any(String),
      author_id: ed.id,
    })
    const history = await staff(listPostHistory, { params: { id: post.id } })
    expect(history.body.results[0]?.changes['message']).toEqual({ from: 'A secret', to: '' })
    expect((await say(ed, id, 'Again')).body.message).toBe('Again')
  })

  test('is for its author alone, and never for what is asked', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    const [ask] = (await as(ed)(listPosts, { params: { id } })).body.results
    const refused = await as(ed)(deletePost, { params: { id: ask?.id ?? 0 } })
    expect([refused.status, refused.problem.type]).toEqual([409, 'urn:frontdesk:problem:first_post'])
    const { body: post } = await say(ed, id)
    for (const other of [operator, await given.admin()])
      expect((await as(other)(deletePost, { params: { id: post.id } })).status).toBe(403)
    const { body: own } = await say(operator, id, 'Typo')
    expect((await staff(deletePost, { params: { id: own.id } })).status).toBe(204)
    expect((await staff(deletePost, { params: { id: own.id } })).status).toBe(204)
    expect(await actionsOf('post', own.id)).toEqual(['post.created', 'post.deleted'])
  })
})

describe('editing', () => {
  test('is for its author, for 15 minutes; what it said stays in its history', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    const { body: post } = await say(ed, id, 'Teh coat')
    const params = { id: post.id }
    const edited = await as(ed)(updatePost, { params, body: { message: 'The coat' } })
    expect(edited.body).toMatchObject({ message: 'The coat', version: 2, edited_at: expect.any(String) })
    expect((await staff(updatePost, { params, body: { message: 'x' } })).status).toBe(403)
    const stale = await as(ed)(updatePost, { params, body: { message: 'x' } }, { 'if-match': '"1"' })
    expect(stale.status).toBe(412)
    await rows("update posts set created_at = created_at - interval '14 minutes 50 seconds' where id = $1", [
      post.id,
    ])
    expect((await as(ed)(updatePost, { params, body: { message: 'A coat' } })).status).toBe(200)
    await rows("update posts set created_at = created_at - interval '11 seconds' where id = $1", [post.id])
    const late = await as(ed)(updatePost, { params, body: { message: 'x' } })
    expect([late.status, late.problem.type]).toEqual([409, 'urn:frontdesk:problem:post_too_old'])
    await rows('update posts set created_at = updated_at where id = $1', [post.id])
    await rows(
      'update tickets set last_post_at = (select max(created_at) from posts where ticket_id = tickets.id) where id = $1',
      [id],
    )
    const history = await staff(listPostHistory, { params })
    expect(history.body.results.map(({ changes }) => changes['message']?.from)).toEqual([
      'The coat',
      'Teh coat',
      null,
    ])
  })
})

describe('a customer’s answer on a ticket that ended', () => {
  test('within 14 days brings it back to the same operator', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    await completed(id)
    await rows("update tickets set closed_at = now() - interval '13 days 23 hours' where id = $1", [id])
    const { body: post } = await say(ed, id, 'Still cold')
    expect(post.ticket_id).toBe(id)
    expect((await staff(getTicket, { params: { id } })).body).toMatchObject({
      status: 'IN_PROGRESS',
      processed_by: operator.id,
      resolution_comment: null,
      posts_count: 2,
    })
    expect((await actionsOf('ticket', id)).at(-1)).toBe('ticket.reopened')
    const history = await staff(listRequestHistory, { params: { id } })
    expect(history.body.results[0]?.changes).toMatchObject({
      status: { from: 'COMPLETED', to: 'IN_PROGRESS' },
      resolution_comment: { from: 'Keep warm', to: null },
    })
  })

  test('later opens another one that follows it', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    await staff(updateTicket, { params: { id }, body: { priority: 'high' } })
    await completed(id)
    await rows("update tickets set closed_at = now() - interval '14 days 1 minute' where id = $1", [id])
    const { status, body: post, headers } = await say(ed, id, 'Cold again')
    expect([status, headers.get('location')]).toEqual([201, `/api/v1/posts/${post.id}`])
    expect(post.ticket_id).not.toBe(id)
    expect((await as(ed)(getTicket, { params: { id: post.ticket_id } })).body).toMatchObject({
      subject: 'Winter',
      status: 'PENDING',
      priority: 'high',
      follow_up_of: id,
      posts_count: 1,
      customer_id: ed.customer_id,
    })
    expect((await staff(getTicket, { params: { id } })).body).toMatchObject({
      status: 'COMPLETED',
      posts_count: 1,
    })
    // What is said there from then on goes on in that one.
    const more = await Promise.all(Array.from({ length: 10 }, () => say(ed, id, 'Brr')))
    expect(new Set(more.map(({ body }) => body.ticket_id))).toEqual(new Set([post.ticket_id]))
  })

  test('opens one that follows it, however many come at once', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    await staff(closeRequest, { params: { id }, body: { status: 'REJECTED', resolution_comment: 'No' } })
    const all = await Promise.all(Array.from({ length: 10 }, () => say(ed, id, 'But why?')))
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201))
    expect(new Set(all.map(({ body }) => body.ticket_id)).size).toBe(1)
  })

  test('of somebody else, where they may see it, opens one of their own', async () => {
    const [ed, jon] = [await portalUser(), await portalUser()]
    const { id } = await opened(ed)
    await staff(closeRequest, { params: { id }, body: { status: 'REJECTED', resolution_comment: 'No' } })
    const { body } = await open.as(jon)(createPost, { params: { id }, body: { message: 'But why?' } })
    expect((await staff(getTicket, { params: { id: body.ticket_id } })).body).toMatchObject({
      customer_id: jon.customer_id,
      follow_up_of: id,
    })
  })

  test('that was rejected opens another one, too; the staff’s brings nothing back', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    await staff(closeRequest, { params: { id }, body: { status: 'REJECTED', resolution_comment: 'No' } })
    expect((await say(operator, id, 'Sorry')).body.ticket_id).toBe(id)
    expect((await staff(getTicket, { params: { id } })).body).toMatchObject({
      status: 'REJECTED',
      posts_count: 2,
    })
    const { body } = await as(ed)(replyToTicket, { params: { id }, body: { message: 'But why?' } })
    expect(body).toEqual({ id: expect.any(Number), status: 'Success' })
    const [latest] = (await as(ed)(listTickets, {})).body.results
    expect(latest?.follow_up_of).toBe(id)
  })

  test('at the moment that it is completed is never lost, and the ticket ends in one of the two orders', async () => {
    for (let round = 0; round < 10; round += 1) {
      const ed = await portalUser()
      const { id } = await opened(ed)
      await staff(assignRequest, { params: { id: operator.id, request_id: id } })
      const [answer, end] = await Promise.all([
        say(ed, id, 'Wait'),
        staff(closeRequest, { params: { id }, body: { status: 'COMPLETED', resolution_comment: 'Done' } }),
      ])
      expect([answer.status, end.status, answer.body.ticket_id]).toEqual([201, 200, id])
      const { body } = await staff(getTicket, { params: { id } })
      const actions = (await actionsOf('ticket', id)).slice(-2)
      expect([body.status, ...actions]).toEqual(
        body.status === 'COMPLETED'
          ? ['COMPLETED', 'ticket.replied', 'ticket.completed']
          : ['IN_PROGRESS', 'ticket.completed', 'ticket.reopened'],
      )
    }
  })
})

describe('at the same moment', () => {
  test('edits with If-Match and without, and of the staff, do not wait for each other in a circle', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    const [ask] = (await as(ed)(listPosts, { params: { id } })).body.results
    const params = { id: ask?.id ?? 0 }
    const edit = (headers = {}) => as(ed)(updatePost, { params, body: { message: 'Colder' } }, headers)
    const all = await Promise.all(
      Array.from({ length: 10 }, () => [
        edit(),
        edit({ 'if-match': '*' }),
        staff(editRequest, { params: { id }, body: { body: 'Warmer' } }),
      ]).flat(),
    )
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200))
  })

  test('a customer is archived while they answer what has ended: before it or after it, and nobody waits in a circle', async () => {
    for (let round = 0; round < 15; round += 1) {
      const ed = await portalUser()
      const { id } = await opened(ed)
      await staff(closeRequest, { params: { id }, body: { status: 'REJECTED', resolution_comment: 'No' } })
      const [answer, archived] = await Promise.all([
        say(ed, id, 'But why?'),
        staff(archiveCustomer, { params: { id: ed.customer_id } }),
      ])
      expect([[201, 409].includes(answer.status), archived.status], `${answer.status}`).toEqual([true, 204])
    }
  })

  // What is counted and when the latest was written is looked at after the last test (I07).
  test('posts are written and deleted', async () => {
    const ed = await portalUser()
    const { id } = await opened(ed)
    for (let round = 0; round < 10; round += 1) {
      const [one, other] = [(await say(ed, id)).body, (await say(operator, id)).body]
      const done = await Promise.all([
        as(ed)(deletePost, { params: { id: one.id } }),
        say(ed, id),
        staff(deletePost, { params: { id: other.id } }),
      ])
      expect(done.map(({ status }) => status)).toEqual([204, 201, 204])
    }
  })

  test('what is answered is what is asked by then', async () => {
    const { id } = await given.request({ body: 'Old' })
    const client = await desk.pool.connect()
    await client.query('begin')
    await client.query('select from tickets where id = $1 for update', [id])
    const edited = staff(editRequest, { params: { id }, body: { body: 'New' } })
    await expect.poll(() => waiting()).toBe(1)
    const rejected = staff(closeRequest, {
      params: { id },
      body: { status: 'REJECTED', resolution_comment: 'No' },
    })
    await expect.poll(() => waiting()).toBe(2)
    await client.query('commit')
    client.release()
    expect((await edited).body).toMatchObject({ body: 'New', version: 2 })
    expect((await rejected).body).toMatchObject({ body: 'New', version: 3, status: 'REJECTED' })
  })

  const waiting = async () =>
    (
      await rows(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      )
    ).length
})

test('setting the tags that a ticket has changes nothing', async () => {
  const { id } = await given.request()
  const label = () => staff(updateTicket, { params: { id }, body: { tags: ['Snow'] } })
  expect([(await label()).body.version, (await label()).body.version]).toEqual([2, 2])
})
