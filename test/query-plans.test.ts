// Every statement of customers and requests, on 100,000 customers and 500,000 requests: it reads the index that was made for
// it, no table from end to end, and no more pages of the database than what it answers is worth.
import { describe, expect, test, vi } from 'vitest'
import {
  archiveCustomer,
  archiveRequest,
  assignRequest,
  closeRequest,
  createCustomer,
  createPost,
  createRequest,
  deletePost,
  editRequest,
  getCustomer,
  getCustomerPhoto,
  getPost,
  getRequest,
  getTicket,
  listAuditEvents,
  listCustomerHistory,
  listCustomerRequests,
  listCustomers,
  listEvents,
  listInbox,
  listOperators,
  listPosts,
  listRequestHistory,
  listRequests,
  listTickets,
  listUsers,
  openTicket,
  restoreCustomer,
  updateCustomer,
  updatePost,
  updateTicket,
} from '../contract/index.ts'
import { photos, portal } from '../server/customers/index.ts'
import { sweepFiles } from '../server/files/sweep.ts'
import { replaceRecord } from '../server/customers/portal-repository.ts'
import { hashSecret, newSecret } from '../server/credentials/secrets.ts'
import { findFollowUp } from '../server/tickets/ticket-views-repository.ts'
import { clock } from '../server/db/long-lists.ts'
import { cursorAt, openManyRowsDesk } from './support/many-rows-desk.ts'
import { searchedWords } from './support/many-rows.ts'
import { planExpectations } from './support/expect-plans.ts'
import { explain, type Sent, sentDuring } from './support/query-plans.ts'

const { as, client, ctx, given, rows } = await openManyRowsDesk()
const operator = await given.operator()
const call = as(operator)
const admin = as(await given.admin())
const { rare, middling, frequent } = searchedWords

const { expectPlans, unusedIndexes } = planExpectations(client, () =>
  call(getCustomer, { params: { id: 1 } }),
)

// A list that was found to be long is not counted again for ten seconds. Here a minute passes at every look at the clock.
let now = 0
const time = vi.spyOn(clock, 'now')
time.mockImplementation(() => (now += 60_000))

/** 11,000 entries of an index, about a hundred to a page. */
const count = 160
/** 50 rows and one more, each on a page of its own, and its first post through an index of three levels. */
const page = 51 * 6 + 20
const pageOfCustomers = 51 + 20
/** Rows of users lie 70 to a page; whether one is a person is in no index. */
const pageOfUsers = 51 + 20
const countOfUsers = 11_000 / 70 + count
const firstPost = 'posts_ticket_id_number_key'

const inTheMiddle = { key: '2023-01-01T00:00:00.000000Z', id: 250_000 }
/** A list of more than 10,000 rows, and of less. */
const long = { ...inTheMiddle, count: 10_000, counted_up_to_cap: true }
const short = { ...inTheMiddle, count: 9_000, counted_up_to_cap: false }

test.each<[string, Record<string, string>, string[], number]>([
  ['the queue', {}, ['tickets_live_created'], page + count],
  ['the queue, oldest first', { sort: 'created' }, ['tickets_live_created'], page + count],
  ['the queue by last change', { sort: '-updated' }, ['tickets_live_updated'], page + count],
  ['the queue by first change', { sort: 'updated' }, ['tickets_live_updated'], page + count],
  [
    'all requests',
    { show_archived: 'true' },
    ['tickets_live_created', 'tickets_archived_created'],
    page + count + 51,
  ],
  [
    'all by last change',
    { show_archived: 'true', sort: '-updated' },
    ['tickets_live_updated', 'tickets_archived_updated'],
    page + count + 51,
  ],
  ['the PENDING', { status: 'PENDING' }, ['tickets_live_status_created'], page + count],
  ['the COMPLETED', { status: 'COMPLETED' }, ['tickets_live_status_created'], page + count],
  [
    'the REJECTED by last change',
    { status: 'REJECTED', sort: '-updated' },
    ['tickets_live_status_updated'],
    page + count,
  ],
  [
    'all PENDING',
    { status: 'PENDING', show_archived: 'true' },
    ['tickets_live_status_created', 'tickets_archived_status_created'],
    page + count + 51,
  ],
  [
    'all PENDING by first change',
    { status: 'PENDING', show_archived: 'true', sort: 'updated' },
    ['tickets_live_status_updated', 'tickets_archived_status_updated'],
    page + count + 51,
  ],
  ['those of a busy operator', { processed_by: '1' }, ['tickets_live_processed_by_created'], page + count],
  [
    'those of another by last change',
    { processed_by: '40', sort: '-updated' },
    ['tickets_live_processed_by_updated'],
    page + count,
  ],
  [
    'all of an operator',
    { processed_by: '40', show_archived: 'true' },
    ['tickets_live_processed_by_created', 'tickets_archived_processed_by_created'],
    page + count + 51,
  ],
  [
    'all of an operator by first change',
    { processed_by: '40', show_archived: 'true', sort: 'updated' },
    ['tickets_live_processed_by_updated', 'tickets_archived_processed_by_updated'],
    page + count + 51,
  ],
  // The busiest has 67,000; their index tells each one's status.
  [
    'what a busy operator works on',
    { processed_by: '1', status: 'IN_PROGRESS' },
    ['tickets_live_processed_by_created'],
    page + 500,
  ],
  [
    'what an operator rejected, by last change',
    { processed_by: '40', status: 'REJECTED', sort: '-updated' },
    ['tickets_live_processed_by_updated'],
    page + 100,
  ],
  ["a customer's", { created_by: '777' }, ['tickets_customer_created'], 60],
  ["a customer's by last change", { created_by: '777', sort: '-updated' }, ['tickets_customer_created'], 60],
  [
    'what an operator completed for a customer',
    { created_by: '777', status: 'COMPLETED', processed_by: '1', show_archived: 'true' },
    ['tickets_customer_created'],
    60,
  ],
  ['the queue, in the middle', { cursor: 'long' }, ['tickets_live_created'], page],
  [
    'the queue by first change, in the middle',
    { sort: 'updated', cursor: 'long' },
    ['tickets_live_updated'],
    page,
  ],
  [
    'all requests, in the middle',
    { show_archived: 'true', cursor: 'long' },
    ['tickets_live_created', 'tickets_archived_created'],
    page + 51,
  ],
  [
    'the PENDING, in the middle',
    { status: 'PENDING', cursor: 'long' },
    ['tickets_live_status_created'],
    page,
  ],
  [
    'those of an operator, in the middle',
    { processed_by: '40', cursor: 'short' },
    ['tickets_live_processed_by_created'],
    page,
  ],
])('requests: %s', async (_, query, indexes, pages) => {
  await expectPlans(
    () => call(listRequests, { query: inQuery('/api/v1/requests', query) }),
    [...indexes, firstPost],
    pages,
  )
})

test.each<[string, Record<string, string>, string[], number]>([
  // Ten are found: each is read, and its ticket looked up for the count and for the page.
  ['a rare word', { q: rare }, ['posts_ask_search', 'tickets_pkey'], 300],
  ['a rare word, all', { q: rare, show_archived: 'true' }, ['posts_ask_search', 'tickets_pkey'], 400],
  // 2,500, nearly all of them archived: what reading in order until a page is full would never forgive.
  ['a middling word', { q: middling }, ['posts_ask_search', 'tickets_pkey'], 2_500 * 11],
  [
    'a middling word, by last change, in the middle',
    { q: middling, sort: '-updated', cursor: 'short' },
    ['posts_ask_search', 'tickets_pkey'],
    2_500 * 6,
  ],
  // 10,000 are looked up by their numbers for the count, whatever the word is in.
  [
    'a frequent word',
    { q: frequent },
    ['posts_ask_search', 'tickets_live_created', 'tickets_pkey'],
    10_000 * 6,
  ],
  ['a frequent word, in the middle', { q: frequent, cursor: 'long' }, ['tickets_live_created'], 2_000],
  [
    'a frequent word among the PENDING',
    { q: frequent, status: 'PENDING' },
    ['posts_ask_search', 'tickets_live_status_created', 'tickets_pkey'],
    10_000 * 6,
  ],
  ['a frequent word of one customer', { q: frequent, created_by: '777' }, ['tickets_customer_created'], 120],
  [
    'two letters that a word begins with',
    { q: 'pr' },
    ['posts_ask_search', 'tickets_live_created', 'tickets_pkey'],
    10_000 * 6,
  ],
])('requests with %s', async (_, query, indexes, pages) => {
  await expectPlans(
    () => call(listRequests, { query: inQuery('/api/v1/requests', query) }),
    [...indexes, firstPost],
    pages,
  )
})

// Planned for a status that is open, one index more knows the operator's tickets by number.
test('requests with a frequent word in what an operator works on', async () => {
  const both = ['posts_ask_search', 'tickets_live_processed_by_created', firstPost]
  await expectPlans(
    () => call(listRequests, { query: { q: frequent, processed_by: 40, status: 'IN_PROGRESS' } }),
    { first: [...both, 'tickets_open_assignee_queue'], generic: [...both, 'tickets_pkey'] },
    10_000 * 6,
  )
})

test('where there is nothing, little is looked at', async () => {
  await expectPlans(
    () => call(listRequests, { query: { q: 'xyzzy' } }),
    ['posts_ask_search', 'tickets_pkey'],
    50,
  )
  await expectPlans(
    () => call(listRequests, { query: { processed_by: 999_999 } }),
    ['tickets_live_processed_by_created'],
    10,
  )
  await expectPlans(
    () => call(listCustomers, { query: { first_name: 'Zbigniew' } }),
    ['customers_live_first_name'],
    10,
  )
})

test.each<[string, Record<string, string>, string[], number]>([
  ['all live', {}, ['customers_live_created'], pageOfCustomers + count],
  ['by first change', { sort: 'updated' }, ['customers_live_updated'], pageOfCustomers + count],
  [
    'archived too',
    { show_archived: 'true' },
    ['customers_live_created', 'customers_archived_created'],
    pageOfCustomers + count,
  ],
  [
    'archived too, by last change',
    { show_archived: 'true', sort: '-updated' },
    ['customers_live_updated', 'customers_archived_updated'],
    pageOfCustomers + count,
  ],
  ['in the middle', { cursor: 'long' }, ['customers_live_created'], pageOfCustomers],
  [
    'archived too, by first change, in the middle',
    { show_archived: 'true', sort: 'updated', cursor: 'long' },
    ['customers_live_updated', 'customers_archived_updated'],
    pageOfCustomers + 51,
  ],
  ['by phone', { phone: '+442010000777' }, ['customers_live_phone_key'], 20],
  [
    'by phone, archived too',
    { phone: '+442010000773', show_archived: 'true' },
    ['customers_live_phone_key', 'customers_archived_phone'],
    20,
  ],
  ['by e-mail address', { email: 'ED.STARKSON777@mail.example' }, ['customers_live_email_key'], 20],
  [
    'by e-mail address, archived too',
    { email: 'ed@mail.example', show_archived: 'true' },
    ['customers_live_email_key', 'customers_archived_email'],
    20,
  ],
  ['by external_id', { external_id: 'W-777' }, ['customers_live_external_id_key'], 20],
  [
    'by external_id, archived too',
    { external_id: 'W-773', show_archived: 'true' },
    ['customers_live_external_id_key', 'customers_archived_external_id'],
    20,
  ],
  // 1,400 share a first name, 250 a last name; each is looked at once for the count, and for an order that has no index.
  ['by first name', { first_name: 'ada' }, ['customers_live_first_name'], 1_500],
  [
    'by first name, by last change',
    { first_name: 'ada', sort: '-updated' },
    ['customers_live_first_name'],
    3_000,
  ],
  [
    'by first name, archived too, in the middle',
    { first_name: 'ada', show_archived: 'true', cursor: 'short' },
    ['customers_live_first_name', 'customers_archived_first_name'],
    pageOfCustomers + 100,
  ],
  ['by last name', { last_name: 'STARKSON' }, ['customers_live_last_name'], 600],
  [
    'by last name, archived too',
    { last_name: 'starkson', show_archived: 'true' },
    ['customers_live_last_name', 'customers_archived_last_name'],
    700,
  ],
  ['by both names', { first_name: 'Ada', last_name: 'Starkson' }, ['customers_live_last_name'], 700],
])('customers: %s', async (_, query, indexes, pages) => {
  await expectPlans(() => call(listCustomers, { query: inQuery('/api/v1/customers', query) }), indexes, pages)
})

test.each<[string, Record<string, string>, string[], number]>([
  ['a rare word', { q: rare }, ['customers_search', 'customers_pkey'], 1_000],
  [
    'a rare word, archived too',
    { q: rare, show_archived: 'true' },
    ['customers_search', 'customers_pkey'],
    2_000,
  ],
  ['a part of a phone number', { q: '077777' }, ['customers_search', 'customers_pkey'], 400],
  // 4,000; looking one up by its number takes PostgreSQL 15 five pages all told, and later ones two.
  ['one letter', { q: 'z' }, ['customers_search', 'customers_pkey'], 4_000 * 6],
  // One in four, and here the words are in the row itself.
  [
    'a frequent word',
    { q: frequent },
    ['customers_search', 'customers_live_created', 'customers_pkey'],
    10_000 * 6,
  ],
  [
    'a frequent word, in the middle',
    { q: frequent, cursor: 'long' },
    ['customers_live_created'],
    pageOfCustomers,
  ],
  [
    'a frequent word and a first name',
    { q: frequent, first_name: 'Ada' },
    ['customers_live_first_name'],
    3_000,
  ],
])('customers with %s', async (_, query, indexes, pages) => {
  await expectPlans(() => call(listCustomers, { query: inQuery('/api/v1/customers', query) }), indexes, pages)
})

test('a list that is far longer than anybody counts is not counted again for ten seconds', async () => {
  const began = now + 60_000
  const countedAfter = async (seconds: number) => {
    time.mockReturnValue(began + seconds * 1000)
    const [sent] = await sentDuring(() => call(listRequests, { query: { status: 'COMPLETED' } }))
    return sent?.text.includes('count(*)')
  }
  const counted = [await countedAfter(0), await countedAfter(9), await countedAfter(11)]
  now = began + 60_000
  time.mockImplementation(() => (now += 60_000))

  expect(counted).toEqual([true, false, true])
})

test('one customer and one request are found by their numbers', async () => {
  await expectPlans(() => call(getCustomer, { params: { id: 77_777 } }), ['customers_pkey'], 10)
  await expectPlans(() => call(getRequest, { params: { id: 333_333 } }), ['tickets_pkey', firstPost], 10)
})

test("a customer's requests are found by the customer", async () => {
  await expectPlans(
    () => call(listCustomerRequests, { params: { id: 777 } }),
    ['tickets_customer_created', firstPost],
    60,
  )
})

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

describe('tickets', () => {
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
      ['customers_user_key'],
      200,
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
        200,
      )
    }
    await expectPlans(
      () => as(user)(createPost, { params: { id }, body: { message: 'Cold' } }),
      ['customers_user_key', 'notices_pkey', 'tickets_pkey', 'users_pkey'],
      200,
    )
    await expectPlans(
      () => call(createPost, { params: { id }, body: { message: 'Cold', internal: true } }),
      ['tickets_pkey', 'users_pkey'],
      200,
    )
  })

  test('a post is read, edited and deleted by number', async () => {
    const { body } = await call(createPost, { params: { id }, body: { message: 'Cold' } })
    const params = { id: body.id }
    const read = ['attachments_post_place', 'posts_pkey', 'tickets_pkey', 'users_pkey']
    await expectPlans(() => call(getPost, { params }), read, 40)
    await expectPlans(() => call(updatePost, { params, body: { message: 'Colder' } }), read, 200)
    await expectPlans(
      () => call(deletePost, { params }),
      ['attachments_post_place', 'posts_pkey', 'posts_public_thread', 'tickets_pkey'],
      200,
      () => rows("update posts set deleted_at = null, message = 'Cold' where id = $1", [body.id]),
    )
    await expectPlans(() => call(getTicket, { params: { id } }), ['tickets_pkey', firstPost], 40)
    await expectPlans(
      () => call(updateTicket, { params: { id }, body: { priority: 'low' } }),
      ['tickets_pkey', firstPost],
      150,
    )
  })
})

test('operators are found among many users', async () => {
  await expectPlans(() => call(listOperators, {}), ['users_active_operators'], 120)
})

test.each<[string, Record<string, string>, string[], number]>([
  ['all', {}, ['users_created'], pageOfUsers + countOfUsers],
  ['all by last change', { sort: '-updated' }, ['users_updated'], pageOfUsers + countOfUsers],
  ['customers', { role: 'customer' }, ['users_role_created'], pageOfUsers + countOfUsers],
  [
    'operators by first change',
    { role: 'operator', sort: 'updated' },
    ['users_role_updated'],
    pageOfUsers + 60,
  ],
  ['the disabled', { status: 'disabled' }, ['users_status_created'], pageOfUsers + 1_100],
  [
    'the active by last change',
    { status: 'active', sort: '-updated' },
    ['users_status_updated'],
    pageOfUsers + countOfUsers,
  ],
  ['by username', { username: 'ACCOUNT-777' }, ['users_username_key'], 20],
  ['by e-mail address', { email: 'Account-777@mail.example' }, ['users_email_key'], 20],
  ['a rare word', { q: rare }, ['users_search', 'users_pkey'], 150],
])('users: %s', async (_, query, indexes, pages) => {
  await admin(getCustomer, { params: { id: 1 } }) // whose token it is, is remembered from now on
  await expectPlans(() => admin(listUsers, { query }), indexes, pages)
})

const aDay = { from: '2023-06-01T00:00:00Z', until: '2023-06-02T00:00:00Z' }
const aYear = { from: '2023-01-01T00:00:00Z', until: '2024-01-01T00:00:00Z' }
/** Rows of the audit log are long. */
const pageOfEvents = 51 * 2 + 20

test.each<[string, Record<string, string>, string, number]>([
  ['all of it', {}, 'audit_events_at', pageOfEvents + count],
  ['all of it, oldest first', { sort: 'created' }, 'audit_events_at', pageOfEvents + count],
  ['all of it, in the middle', { cursor: 'long' }, 'audit_events_at', pageOfEvents],
  ['a day', aDay, 'audit_events_at', pageOfEvents + 20],
  ['a year', aYear, 'audit_events_at', pageOfEvents + count],
  ['a record', { record: 'customer:777' }, 'audit_events_record', 20],
  ['a record, in a year', { record: 'ticket:777', ...aYear }, 'audit_events_record', 20],
  [
    'a record, an actor and an action',
    { record: 'ticket:777', actor: '1', action: 'ticket.created' },
    'audit_events_record',
    20,
  ],
  ['a busy actor', { actor: '1' }, 'audit_events_actor', pageOfEvents + count],
  ['another actor, in the middle', { actor: '40', cursor: 'short' }, 'audit_events_actor', pageOfEvents],
  ['an actor in a day', { actor: '1', ...aDay }, 'audit_events_actor', pageOfEvents + 20],
  ['a frequent action', { action: 'ticket.created' }, 'audit_events_action', pageOfEvents + count],
  ['a rare action', { action: 'ticket.reassigned' }, 'audit_events_action', pageOfEvents + 30],
  [
    'a rare action in a year, oldest first',
    { action: 'ticket.reassigned', sort: 'created', ...aYear },
    'audit_events_action',
    pageOfEvents + 30,
  ],
  ['an action that never was', { action: 'user.password_changed' }, 'audit_events_action', 10],
  // The busiest has 85,000; their index tells each one's action.
  [
    'what a busy actor did often',
    { actor: '1', action: 'ticket.created' },
    'audit_events_actor',
    pageOfEvents + 500,
  ],
  ['what an actor did rarely', { actor: '40', action: 'ticket.reassigned' }, 'audit_events_actor', 500],
])('the audit log: %s', async (_, query, index, pages) => {
  const filters = inQuery('/api/v1/audit', query)
  await admin(getCustomer, { params: { id: 1 } })
  await expectPlans(() => admin(listAuditEvents, { query: filters }), [index], pages)
})

test('the history of a record is found by the record', async () => {
  await expectPlans(() => call(listCustomerHistory, { params: { id: 777 } }), ['audit_events_record'], 20)
  await expectPlans(() => call(listRequestHistory, { params: { id: 777 } }), ['audit_events_record'], 20)
})

test('which customer a login is, is found by the login and by its address', async () => {
  const { id: user_id, role } = await given.user()
  const actor = { user_id, role, credential: null, scopes: null, request_id: 'x' }
  await rows(
    `update users set email = (select email from customers where id = 772), email_verified_at = now() where id = $1`,
    [user_id],
  )
  const undo = () => rows('update customers set user_id = null where user_id = $1', [user_id])
  await expectPlans(
    () => portal.link(ctx, { user_id, request_id: 'x' }),
    ['customers_live_email_key', 'customers_pkey', 'customers_user_key', 'users_pkey'],
    100,
    undo,
  )
  const into = await portal.ownOf(ctx, actor)
  await expectPlans(() => portal.ownOf(ctx, actor), ['customers_user_key'], 10)
  const by = { actor_id: user_id, actor_role: role, request_id: 'x' }
  await expectPlans(
    () => replaceRecord.all(ctx.db, { id: into, into: 778, ...by }),
    ['customers_pkey', 'tickets_customer_created', 'tickets_pkey'],
    300,
    () =>
      rows(
        `with customer as (update customers set user_id = $1, archived_at = null where id = $2)
         update tickets set customer_id = $2 where customer_id = 778 and version > 1 and id in (
           select record_id from audit_events where action = 'ticket.moved')`,
        [user_id, into],
      ),
  )
  await undo()
})

test('a new customer costs their row, their indexes and an audit row', async () => {
  const body = { first_name: 'New', last_name: 'Customer', company: 'New & Sons' }
  await expectPlans(() => call(createCustomer, { body }), [], 100)
})

test('whose phone it is, is found by the phone', async () => {
  const [holder] = await rows<{ phone: string; email: string }>(
    'select phone, email from customers where id = 77777',
  )
  const sent = await sentDuring(() =>
    call(createCustomer, { body: { first_name: 'A', last_name: 'Twin', phone: String(holder?.phone) } }),
  )
  const [find] = sent.slice(-1)
  expect(find?.text).toContain('limit 1')
  for (const planned of ['first', 'generic'] as const) {
    const plan = await explain(client, find as Sent, planned)
    expect(plan.scanned, plan.text).toEqual([])
    expect(plan.pages, plan.text).toBeLessThanOrEqual(20)
  }
})

test('a change of a customer is made by number', async () => {
  const params = { id: 1_234 }
  await expectPlans(
    () => call(updateCustomer, { params, body: { last_name: 'Changed' } }),
    ['customers_pkey'],
    200,
  )
})

test('archiving and restoring a customer touch the customer and their own requests', async () => {
  const params = { id: 4_321 }
  const archive = () => call(archiveCustomer, { params })
  const restore = () => call(restoreCustomer, { params })
  const indexes = ['customers_pkey', 'tickets_customer_created', 'tickets_pkey']
  await expectPlans(archive, indexes, 1_000, restore)
  await archive()
  await expectPlans(restore, indexes, 1_000, archive)
})

test('a request is made, edited, given, ended and archived by number', async () => {
  const { id } = await given.request({ customer_id: 12_345 })
  const params = { id }
  await expectPlans(
    () => call(createRequest, { params: { id: 12_345 }, body: { body: 'A new ask' } }),
    ['customers_pkey'],
    150,
  )
  await expectPlans(
    () => call(editRequest, { params, body: { body: 'An edited ask' } }),
    ['tickets_pkey', firstPost],
    200,
  )
  await expectPlans(
    () => call(assignRequest, { params: { id: operator.id, request_id: id } }),
    ['tickets_pkey', 'users_pkey', firstPost],
    150,
  )
  const ended = { status: 'COMPLETED', resolution_comment: 'Done' } as const
  const reopen = () =>
    rows(
      `update tickets set status = 'IN_PROGRESS', resolution_comment = null, closed_at = null where id = $1`,
      [id],
    )
  await expectPlans(
    () => call(closeRequest, { params, body: ended }),
    ['tickets_pkey', firstPost],
    150,
    reopen,
  )
  await call(closeRequest, { params, body: ended })
  await expectPlans(() => call(archiveRequest, { params }), ['tickets_pkey', firstPost], 150)
})

test('the change feed reads the chain by its positions, wherever they are', async () => {
  // As if all that was written had been put into the chain; no hash of it fits.
  await client.query(
    `insert into audit_chain (position, event_id, hash)
     select (select coalesce(max(position), 0) from audit_chain) + row_number() over (order by id), id, sha256('hash')
     from audit_events where id not in (select event_id from audit_chain union all select event_id from outbox)`,
  )
  await client.query('vacuum (analyze) audit_chain')
  const { body } = await call(listEvents, { query: { after: 300_000, limit: 100 } })
  expect(body.results).toHaveLength(100)
  await expectPlans(
    () => call(listEvents, { query: { after: 300_000, limit: 100 } }),
    ['audit_chain_pkey', 'audit_events_pkey'],
    100 * 7,
  )
})

test('a photo is found by its customer, and the sweep finds what is in use by its key', async () => {
  await expectPlans(() => call(getCustomerPhoto, { params: { id: 77_777 } }), ['customers_pkey'], 10)
  const keys = Array.from({ length: 500 }, (_, n) => n.toString(16).padStart(32, '0'))
  for (const key of keys) await ctx.files.put(`${key}-large.webp`, Buffer.from('old'))
  const anHourLater = { ...ctx, clock: () => ctx.clock() + 3_700_000 }
  await expectPlans(() => sweepFiles(anHourLater, [photos.photoFiles]), ['customers_photo_key'], 500 * 4)
})

test('what follows a ticket is found by the ticket, and whose it is by the login', async () => {
  const user = await given.user()
  await given.own(user)
  await rows('update tickets set follow_up_of = id - 1 where id % 500 = 0')
  await rows('update tickets set archived_at = null, archived_with_customer = false where id = 400500')
  await rows('vacuum (analyze) tickets')
  await expectPlans(
    () => findFollowUp.first(ctx.db, { id: 400_499, own: user.id }),
    ['customers_user_key', 'tickets_follow_ups'],
    20,
  )
})

test('every index of these tables is one that a statement reads, or that keeps a key unique', async () => {
  const unused = await unusedIndexes(['customers', 'tickets', 'posts', 'audit_events', 'users'])
  // Those of words are read in query-plans-search.test.ts.
  expect(unused.filter((name) => !name.endsWith('_words'))).toEqual([])
})

test('this check fails when an index is missing', async () => {
  await client.query('drop index tickets_live_status_created')
  const pending = () => call(listRequests, { query: { status: 'PENDING' } })
  await expect(
    expectPlans(pending, ['tickets_live_status_created', firstPost], page + count),
  ).rejects.toThrow()
})

type RequestQuery = {
  show_archived?: boolean
  processed_by?: number
  created_by?: number
  sort?: '-created'
  status?: 'PENDING'
}

/** `cursor` names the place that the list is entered at. */
function inQuery(url: string, { cursor, ...query }: Record<string, string>): RequestQuery {
  if (cursor === undefined) return query
  return { ...query, cursor: cursorAt(url, query, cursor === 'long' ? long : short) } as RequestQuery
}
