// The audit log, and the feed that is read from it.
import { expect, test } from 'vitest'
import {
  getCustomer,
  listAuditEvents,
  listCustomerHistory,
  listEvents,
  listRequestHistory,
} from '../../contract/index.ts'
import { admin, call, client, count, expectPlans, inQuery } from './desk.ts'

const aDay = { from: '2023-06-01T00:00:00Z', until: '2023-06-02T00:00:00Z' }
const aYear = { from: '2023-01-01T00:00:00Z', until: '2024-01-01T00:00:00Z' }
/** Rows of the audit log are long. */
const pageOfEvents = 51 * 2 + 20

export function audit() {
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
  ])('%s', async (_, query, index, pages) => {
    const filters = inQuery('/api/v1/audit', query)
    await admin(getCustomer, { params: { id: 1 } })
    await expectPlans(() => admin(listAuditEvents, { query: filters }), [index], pages)
  })

  test('the history of a record is found by the record', async () => {
    await expectPlans(() => call(listCustomerHistory, { params: { id: 777 } }), ['audit_events_record'], 20)
    await expectPlans(() => call(listRequestHistory, { params: { id: 777 } }), ['audit_events_record'], 20)
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
}
