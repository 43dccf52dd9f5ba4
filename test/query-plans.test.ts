// Every statement of customers, requests, tickets, users and the audit log, on 100,000 customers and 500,000 tickets: it reads the index
// that was made for it, no table from end to end, and no more pages of the database than what it answers is worth.
import { describe, expect, test } from 'vitest'
import { listRequests } from '../contract/index.ts'
import { audit } from './query-plans/audit.ts'
import { changes } from './query-plans/changes.ts'
import { customers } from './query-plans/customers.ts'
import { call, client, count, expectPlans, firstPost, page, unusedIndexes } from './query-plans/desk.ts'
import { requests } from './query-plans/requests.ts'
import { tickets } from './query-plans/tickets.ts'
import { users } from './query-plans/users.ts'

// In this order, since what is changed is read more slowly for a while.
const nouns = { requests, customers, tickets, users, 'the audit log': audit, changes }
describe.each(Object.entries(nouns))('%s', (_, plans) => {
  plans()
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
