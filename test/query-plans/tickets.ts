// Tickets and their threads.
import { describe, expect, test } from 'vitest'
import {
  createPost,
  deletePost,
  getPost,
  getTicket,
  listInbox,
  listPosts,
  listTickets,
  openTicket,
  updatePost,
  updateTicket,
} from '../../contract/index.ts'
import { hashSecret, newSecret } from '../../server/credentials/secrets.ts'
import { sentDuring } from '../support/query-plans.ts'
import { as, call, client, count, expectPlans, firstPost, given, page, rows } from './desk.ts'

export function tickets() {
  describe('the inbox', async () => {
    // Of the operator who has more to do than all others.
    const token = newSecret('token')
    await rows(
      `insert into tokens (user_id, secret_hash, expires_at)
       select min(id), $1, now() + interval '1 hour' from users where role = 'operator' and username like 'account-%'`,
      [hashSecret(token)],
    )
    const busy = as({ token })

    test.each<[string, Record<string, string>, string, number]>([
      ['mine and nobody’s', {}, 'tickets_open_assignee_queue', page + 51 * 5 + count],
      [
        'the least urgent of mine and nobody’s',
        { sort: '-priority' },
        'tickets_open_assignee_queue',
        page + 51 * 5 + count,
      ],
      ['mine', { whose: 'mine' }, 'tickets_open_assignee_queue', page + count],
      ['nobody’s', { whose: 'unassigned' }, 'tickets_open_assignee_queue', page + count],
      ['everybody’s', { whose: 'all' }, 'tickets_open_queue', page + count],
    ])('of %s is read from one index', async (_, query, index, pages) => {
      await busy(getTicket, { params: { id: 1 } })
      await expectPlans(() => busy(listInbox, { query }), [index, firstPost], pages)
    })
  })

  describe('lists', () => {
    test.each<[string, Record<string, string>, string[], number]>([
      ['with a rare tag', { tag: 'seldom' }, ['tickets_tags', 'tickets_pkey'], 500 * 11 + page],
      [
        'with a frequent tag',
        { tag: 'often' },
        ['tickets_tags', 'tickets_pkey', 'tickets_live_created'],
        10_000 * 6,
      ],
      [
        'with a rare tag and a word',
        { tag: 'seldom', q: 'printer' },
        ['posts_ask_search', 'tickets_pkey', 'tickets_live_created'],
        500_000,
      ],
    ])('%s', async (_, query, indexes, pages) => {
      await expectPlans(() => call(listTickets, { query }), [...indexes, firstPost], pages)
    })

    test('of a customer are found by their login', async () => {
      const user = await given.user()
      await rows('update customers set user_id = $1 where id = 777', [user.id])
      await as(user)(listTickets, {})
      const indexes = ['customers_user_key', 'tickets_customer_created', firstPost]
      await expectPlans(() => as(user)(listTickets, {}), indexes, 80)
      await expectPlans(() => as(user)(listTickets, { query: { q: 'printer' } }), indexes, 120)
      await expectPlans(
        () => as(user)(openTicket, { body: { subject: 'Winter', message: 'It is cold' } }),
        ['customers_user_key', 'users_pkey'],
        500,
      )
    })
  })

  describe('a thread of 10,000 posts', async () => {
    const user = await given.user()
    const { id } = await given.request({ customer_id: await given.own(user) })
    await rows(
      `insert into posts (ticket_id, number, author_id, message, internal, created_at)
       select $1, n, $2, 'Message ' || n, n % 10 = 0, now() + interval '1 second' * n from generate_series(2, 10000) n`,
      [id, user.id],
    )
    await rows('update tickets set posts_made = 10000, posts_count = 9000 where id = $1', [id])
    await rows('vacuum (analyze) posts')
    const short = (await given.request({ customer_id: await given.own(await given.user()) })).id
    // What has changed is looked at page by page until then.
    await rows('vacuum customers, tickets, users')
    /** A page of 51, each with its author, ticket and attachments: far from 10,000. */
    const pages = 51 * 15

    test.each([
      ['of 10,000', id, pages],
      ['of one', short, 40],
    ])('is read at the cost of its page: %s', async (_, ticket, pages) => {
      const indexes = ['attachments_post_place', 'posts_thread', 'tickets_pkey', 'users_pkey']
      await expectPlans(() => call(listPosts, { params: { id: ticket } }), indexes, pages)
    })

    test('as its customer sees it, from the public posts alone', async () => {
      await as(user)(getTicket, { params: { id } })
      await expectPlans(
        () => as(user)(listPosts, { params: { id } }),
        ['attachments_post_place', 'customers_user_key', 'posts_public_thread', 'tickets_pkey', 'users_pkey'],
        pages,
      )
    })

    test('a reply is one statement, and costs what it costs on a short one', async () => {
      // A connection reads what the queue's own functions are made of once.
      await client.query(`begin; select enqueue_job('none', '{}', 'none', now()); rollback`)
      for (const ticket of [id, short]) {
        const sent = await sentDuring(() =>
          call(createPost, { params: { id: ticket }, body: { message: 'Cold' } }),
        )
        expect(sent.map(({ text }) => text)).toEqual([expect.stringContaining('insert into posts')])
        await expectPlans(
          () => call(createPost, { params: { id: ticket }, body: { message: 'Cold' } }),
          ['notices_pkey', 'tickets_pkey', 'users_pkey'],
          500,
        )
      }
      await expectPlans(
        () => as(user)(createPost, { params: { id }, body: { message: 'Cold' } }),
        ['customers_user_key', 'notices_pkey', 'tickets_pkey', 'users_pkey'],
        500,
      )
      await expectPlans(
        () => call(createPost, { params: { id }, body: { message: 'Cold', internal: true } }),
        ['tickets_pkey', 'users_pkey'],
        500,
      )
    })

    test('a post is read, edited and deleted by number', async () => {
      const { body } = await call(createPost, { params: { id }, body: { message: 'Cold' } })
      const params = { id: body.id }
      const read = ['attachments_post_place', 'posts_pkey', 'tickets_pkey', 'users_pkey']
      await expectPlans(() => call(getPost, { params }), read, 40)
      await expectPlans(() => call(updatePost, { params, body: { message: 'Colder' } }), read, 500)
      await expectPlans(
        () => call(deletePost, { params }),
        ['attachments_post_place', 'posts_pkey', 'posts_public_thread', 'tickets_pkey'],
        500,
        () => rows("update posts set deleted_at = null, message = 'Cold' where id = $1", [body.id]),
      )
      await expectPlans(() => call(getTicket, { params: { id } }), ['tickets_pkey', firstPost], 40)
      await expectPlans(
        () => call(updateTicket, { params: { id }, body: { priority: 'low' } }),
        ['tickets_pkey', firstPost],
        400,
      )
    })
  })
}
