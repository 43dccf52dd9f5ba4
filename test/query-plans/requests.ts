// Requests as they are read: one, and lists of them.
import { expect, test } from 'vitest'
import { getRequest, listCustomerRequests, listRequests } from '../../contract/index.ts'
import { clock } from '../../server/db/long-lists.ts'
import { searchedWords } from '../support/many-rows.ts'
import { sentDuring } from '../support/query-plans.ts'
import { call, count, expectPlans, firstPost, inQuery, letMinutesPass, page, stopClock } from './desk.ts'

const { rare, middling, frequent } = searchedWords

export function requests() {
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
    [
      "a customer's by last change",
      { created_by: '777', sort: '-updated' },
      ['tickets_customer_created'],
      60,
    ],
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
  ])('%s', async (_, query, indexes, pages) => {
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
    [
      'a frequent word of one customer',
      { q: frequent, created_by: '777' },
      ['tickets_customer_created'],
      120,
    ],
    [
      'two letters that a word begins with',
      { q: 'pr' },
      ['posts_ask_search', 'tickets_live_created', 'tickets_pkey'],
      10_000 * 6,
    ],
  ])('with %s', async (_, query, indexes, pages) => {
    await expectPlans(
      () => call(listRequests, { query: inQuery('/api/v1/requests', query) }),
      [...indexes, firstPost],
      pages,
    )
  })

  // Planned for a status that is open, one index more knows the operator's tickets by number.
  test('with a frequent word in what an operator works on', async () => {
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
  })

  test('a list that is far longer than anybody counts is not counted again for ten seconds', async () => {
    const began = clock.now()
    const countedAfter = async (seconds: number) => {
      stopClock(began + seconds * 1000)
      const [sent] = await sentDuring(() => call(listRequests, { query: { status: 'COMPLETED' } }))
      return sent?.text.includes('count(*)')
    }
    const counted = [await countedAfter(0), await countedAfter(9), await countedAfter(11)]
    letMinutesPass()

    expect(counted).toEqual([true, false, true])
  })

  test('one is found by its number', async () => {
    await expectPlans(() => call(getRequest, { params: { id: 333_333 } }), ['tickets_pkey', firstPost], 10)
  })

  test('those of a customer are found by the customer', async () => {
    await expectPlans(
      () => call(listCustomerRequests, { params: { id: 777 } }),
      ['tickets_customer_created', firstPost],
      60,
    )
  })
}
