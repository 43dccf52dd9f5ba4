// What a customer says of a ticket that ended: it comes back, or another one follows it.
import { describe, expect, test } from 'vitest'
import {
  assignRequest,
  closeRequest,
  createPost,
  getTicket,
  listRequestHistory,
  listTickets,
  replyToTicket,
  updateTicket,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { threadsOf } from './support/threads.ts'

const desk = await openTestDesk()
const open = await openTestDesk({ beside: desk, ticketVisibility: 'all' })
const { as, rows } = desk
const { operator, staff, portalLogin, opened, completed, say, actionsOf } = await threadsOf(desk)

describe('a customer’s answer on a ticket that ended', () => {
  test('within 14 days brings it back to the same operator', async () => {
    const ed = await portalLogin()
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
    const ed = await portalLogin()
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
    const ed = await portalLogin()
    const { id } = await opened(ed)
    await staff(closeRequest, { params: { id }, body: { status: 'REJECTED', resolution_comment: 'No' } })
    const all = await Promise.all(Array.from({ length: 10 }, () => say(ed, id, 'But why?')))
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201))
    expect(new Set(all.map(({ body }) => body.ticket_id)).size).toBe(1)
  })

  test('of somebody else, where they may see it, opens one of their own', async () => {
    const [ed, jon] = [await portalLogin(), await portalLogin()]
    const { id } = await opened(ed)
    await staff(closeRequest, { params: { id }, body: { status: 'REJECTED', resolution_comment: 'No' } })
    const { body } = await open.as(jon)(createPost, { params: { id }, body: { message: 'But why?' } })
    expect((await staff(getTicket, { params: { id: body.ticket_id } })).body).toMatchObject({
      customer_id: jon.customer_id,
      follow_up_of: id,
    })
  })

  test('that was rejected opens another one, too; the staff’s brings nothing back', async () => {
    const ed = await portalLogin()
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
      const ed = await portalLogin()
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
