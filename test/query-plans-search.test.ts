// As query-plans.test.ts, of searching, with 200,000 replies beside the 500,000 asks: what it costs is bounded by what is found, and
// for a customer by what they have.
import { expect, test } from 'vitest'
import { getCustomer, search, type SearchType } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { planExpectations } from './support/expect-plans.ts'
import { openManyRowsDesk } from './support/many-rows-desk.ts'
import { searchedWords } from './support/many-rows.ts'

const desk = await openManyRowsDesk()
const { as, client, given } = desk
const open = await openTestDesk({ beside: desk, ticketVisibility: 'all' })
await client.query(
  `insert into posts (ticket_id, number, message, internal)
   select ticket_id, 2, message, id % 7 = 0 from posts where number = 1 and ticket_id <= 200000`,
)
const operator = await given.operator()
const ed = await given.user()
await client.query(`update customers set user_id = ${ed.id} where id = 777`)
await client.query('vacuum (analyze) posts, customers, tickets')
const { rare, middling, frequent } = searchedWords

const { expectPlans, unusedIndexes } = planExpectations(client, async () => {
  await as(operator)(getCustomer, { params: { id: 1 } })
  await as(ed)(search, { query: { q: 'xyzzy' } })
  await open.as(ed)(search, { query: { q: 'xyzzy' } })
})

const asks = ['posts_asks_words']
const replies = ['posts_replies_words']
/** Ranked by what their rows hold, and then told with their tickets. */
const told = ['posts_pkey', 'posts_ticket_id_number_key', 'tickets_pkey']
const customers = ['customers_pkey', 'customers_words']
/** Of 20 results, each with its ticket and the ticket's ask, in indexes of three levels. */
const results = 20 * 12
/** To look at one hit for its number, and again for its rank. */
const hit = 1 + 5
/** More than 10,000 hits, each on a page of its own; a thousand ranked; 20,000 rows looked through for the newest. */
const bounded = 10_001 + 1_000 * 5 + 6_000

/** What is no number is known to name no ticket where its value is. */
const orNumbered = (indexes: readonly string[]) => ({
  first: indexes,
  generic: [...indexes, 'posts_ticket_id_number_key'],
})

test.each<[string, string, SearchType | undefined, Parameters<typeof expectPlans>[1], number]>([
  // Ten of each.
  [
    'a rare word',
    rare,
    undefined,
    [...asks, ...replies, ...told, ...customers],
    114 * hit + 30 * hit + results + 60,
  ],
  ['a rare word in tickets', rare, 'ticket', [...asks, ...told], 10 * hit + results + 20],
  ['a rare word in posts', rare, 'post', [...replies, ...told], 10 * hit + results + 20],
  ['a rare name', rare, 'customer', customers, 100 * hit + results + 20],
  ['a middling word', middling, 'ticket', [...asks, ...told], 3_500 + 1_000 * 5 + results + 50],
  ['a frequent word', frequent, 'ticket', [...asks, ...told], bounded + results],
  ['a frequent word in posts', frequent, 'post', [...replies, ...told], bounded + results],
  ['a frequent name', frequent, 'customer', customers, bounded + results],
  ['the beginning of many words', 'pri', 'ticket', [...asks, ...told], bounded + results + 1_000],
  // Found by the rare one.
  ['a frequent and a rare word', `${frequent} ${rare}`, 'ticket', orNumbered(asks), 2_000],
  ['what there is not', 'xyzzy', undefined, orNumbered([...asks, ...replies, 'customers_words']), 40],
  ['a ticket’s number', '#4711', undefined, [...asks, ...replies, ...told, ...customers], results + 60],
])('%s', async (_, q, type, indexes, pages) => {
  await expectPlans(() => as(operator)(search, { query: { q, ...(type ? { type } : {}) } }), indexes, pages)
})

test('a customer pays for what they have, whatever they seek', async () => {
  const own = ['customers_user_key', 'tickets_customer_created', 'posts_ticket_id_number_key']
  const find = (q: string) =>
    expectPlans(
      () => as(ed)(search, { query: { q } }),
      q === rare ? own : [...new Set([...own, ...told])],
      300,
    )
  for (const q of [frequent, rare, 'pri']) await find(q)
})

test('where customers may read any ticket, it costs them what it costs the staff', async () => {
  const find = (q: string, type: SearchType) => open.as(ed)(search, { query: { q, type } })
  await expectPlans(() => find(rare, 'post'), [...replies, ...told], 10 * hit + results + 20)
  await expectPlans(() => find(frequent, 'post'), [...replies, ...told], bounded + results)
})

test('the indexes of words are there for this alone', async () => {
  const unused = await unusedIndexes(['posts', 'customers'])
  expect(unused.filter((name) => name.endsWith('_words'))).toEqual([])
})
