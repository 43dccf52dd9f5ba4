// What is changed, and what is looked up for that.
import { expect, test } from 'vitest'
import {
  archiveCustomer,
  archiveRequest,
  assignRequest,
  closeRequest,
  createCustomer,
  createRequest,
  editRequest,
  restoreCustomer,
  updateCustomer,
} from '../../contract/index.ts'
import { ownRecords } from '../../server/customers/index.ts'
import { replaceRecord } from '../../server/customers/own-record-repository.ts'
import { findFollowUp } from '../../server/tickets/ticket-views-repository.ts'
import { explain, type Sent, sentDuring } from '../support/query-plans.ts'
import { call, client, ctx, expectPlans, firstPost, given, operator, rows } from './desk.ts'

export function changes() {
  test('which customer a login is, is found by the login and by its address', async () => {
    const { id: user_id, role } = await given.user()
    const actor = { user_id, role, credential: null, scopes: null, request_id: 'x' }
    await rows(
      `update users set email = (select email from customers where id = 772), email_verified_at = now() where id = $1`,
      [user_id],
    )
    const undo = () => rows('update customers set user_id = null where user_id = $1', [user_id])
    await expectPlans(
      () => ownRecords.link(ctx, { user_id, request_id: 'x' }),
      ['customers_live_email_key', 'customers_pkey', 'customers_user_key', 'users_pkey'],
      100,
      undo,
    )
    const into = await ownRecords.ensure(ctx, actor)
    await expectPlans(() => ownRecords.ensure(ctx, actor), ['customers_user_key', 'users_pkey'], 15)
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
    await expectPlans(() => call(createCustomer, { body }), [], 300)
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
      500,
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
      400,
    )
    await expectPlans(
      () => call(editRequest, { params, body: { body: 'An edited ask' } }),
      ['tickets_pkey', firstPost],
      500,
    )
    await expectPlans(
      () => call(assignRequest, { params: { id: operator.id, request_id: id } }),
      ['tickets_pkey', 'users_pkey', firstPost],
      400,
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
      400,
      reopen,
    )
    await call(closeRequest, { params, body: ended })
    await expectPlans(() => call(archiveRequest, { params }), ['tickets_pkey', firstPost], 400)
  })

  test('what follows a ticket is found by the ticket, and whose it is by the login', async () => {
    const user = await given.user()
    await given.own(user)
    await rows('update tickets set follow_up_of = id - 1 where id % 500 = 0')
    await rows('update tickets set archived_at = null, archived_with_customer = false where id = 400500')
    await rows('vacuum (analyze) tickets')
    await expectPlans(
      () => findFollowUp.first(ctx.db, { id: 400_499, owner_id: user.id }),
      ['customers_user_key', 'tickets_follow_ups'],
      20,
    )
  })
}
