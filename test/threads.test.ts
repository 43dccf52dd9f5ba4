// Tickets as conversations: what is said in them, notes, tombstones and edits.
import { describe, expect, test } from 'vitest'
import {
  archiveRequest,
  deletePost,
  getPost,
  getTicket,
  listPostHistory,
  listPosts,
  listTickets,
  updatePost,
  updateTicket,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { threadsOf } from './support/threads.ts'

const desk = await openTestDesk()
const { as, given, rows } = desk
const { operator, staff, portalLogin, opened, completed, say, actionsOf } = await threadsOf(desk)

describe('a thread', () => {
  test('is read oldest first, by pages, each post with who wrote it', async () => {
    const ed = await portalLogin()
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
    const ed = await portalLogin()
    const { id } = await opened(ed)
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, n) => say(n % 2 ? ed : operator, id, `${n}`, n % 4 === 0)),
    )
    expect(all.every(({ status }) => status === 201)).toBe(true)
    expect((await staff(listPosts, { params: { id } })).body.count).toBe(21)
    expect((await as(ed)(listPosts, { params: { id } })).body.count).toBe(16)
  })

  test('on an archived ticket nobody says anything more, and is told the way out', async () => {
    const ed = await portalLogin()
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
    const ed = await portalLogin()
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
    const ed = await portalLogin()
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

  test('S29 is for its author alone, and never for what is asked', async () => {
    const ed = await portalLogin()
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
  test('S29 is for its author, for 15 minutes; what it said stays in its history', async () => {
    const ed = await portalLogin()
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
