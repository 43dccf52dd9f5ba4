// One ticket, seen by the staff and by its customer: each change reaches the other view, and nobody sees what is not theirs.
import { describe, expect, test } from 'vitest'
import {
  archiveCustomer,
  createPost,
  createRequest,
  editRequest,
  getRequest,
  getTicket,
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
import { threadsOf } from './support/threads.ts'

const desk = await openTestDesk()
const open = await openTestDesk({ beside: desk, ticketVisibility: 'all' })
const { as, given } = desk
const { operator, staff, portalLogin, opened, completed, say } = await threadsOf(desk)

describe('one record, two views', () => {
  test('what a customer opens is the same ticket for both, and each change reaches the other view', async () => {
    const ed = await portalLogin()
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

test('setting the tags that a ticket has changes nothing', async () => {
  const { id } = await given.request()
  const label = () => staff(updateTicket, { params: { id }, body: { tags: ['Snow'] } })
  expect([(await label()).body.version, (await label()).body.version]).toEqual([2, 2])
})

describe('who sees what', () => {
  test('I08 a customer sees, answers and finds tickets of their own alone', async () => {
    const [ed, jon] = [await portalLogin(), await portalLogin()]
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
    const [ed, jon] = [await portalLogin(), await portalLogin()]
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
    const ed = await portalLogin()
    const ticket = await opened(ed)
    await staff(archiveCustomer, { params: { id: ed.customer_id } })
    const refused = await as(ed)(openNewTicket, { body: { subject: 'W', message: 'C' } })
    expect([refused.status, refused.problem.type]).toEqual([409, 'urn:frontdesk:problem:customer_archived'])
    expect((await say(ed, ticket.id)).status).toBe(409)
    expect((await as(ed)(getTicket, { params: { id: ticket.id } })).status).toBe(200)
  })
})
