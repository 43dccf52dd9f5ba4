// The controls of test/support/invariants.ts: each rule is broken on purpose, and must be seen to be broken.
import { expect, test } from 'vitest'
import { relay } from '../server/db/relay.ts'
import { invariants } from './support/invariants.ts'
import { openTestDesk } from './support/desk.ts'

const { ctx, given, pool } = await openTestDesk()

const unlocked =
  'alter table audit_events disable trigger user; alter table audit_chain disable trigger user;'

const breaks: Readonly<Record<string, string>> = {
  'a ticket has exactly one first post': `insert into tickets (customer_id) select id from customers limit 1`,
  'work on a ticket is given to an operator': `update users set role = 'customer' where id in (select processed_by from tickets)`,
  'a ticket that has ended says how, and an open one does not': `alter table tickets drop constraint tickets_end_has_comment; update tickets set resolution_comment = null`,
  'an open ticket is archived only together with its customer': `update tickets set archived_at = now() where status = 'PENDING'`,
  'an archived customer has no live tickets': `update customers set archived_at = now()`,
  'no two live customers have one phone or e-mail address': `drop index customers_live_phone_key; update customers set phone = '+442083661171'`,
  'every change has one audit row, in unbroken versions': `${unlocked} delete from audit_events where action = 'ticket.assigned'`,
  'what was before is what came out of the change before it': `${unlocked} update audit_events set before = before || '{"version": 7}' where action = 'ticket.completed'`,
  'a record is as its last audit row says': `update tickets set version = version + 1`,
  'every action is one that the contract names': `${unlocked} update audit_events set action = 'ticket.vanished'`,
  'no secret is in the audit log': `${unlocked} update audit_events set before = '{}', after = after || '{"password_hash": "x"}'`,
  'an audit event is in the chain, or waits for that': `${unlocked} delete from audit_events where id = (select min(event_id) from audit_chain)`,
  'the chain of audit events has no gaps': `${unlocked} delete from audit_chain where position = 2`,
  'each hash of the chain is made of its event and the hash before it': `${unlocked} update audit_events set actor_id = 7 where id = (select max(event_id) from audit_chain)`,
  'times never go back': `update customers set updated_at = created_at - interval '1 second'`,
}

test.each(Object.entries(invariants))('%s: a breach is seen', async (rule, look) => {
  await given.request({ status: 'COMPLETED' })
  await given.request()
  await relay(ctx.db)
  const client = await pool.connect()
  try {
    await client.query('begin')
    expect((await client.query(look)).rows).toEqual([])
    await client.query(breaks[rule] ?? '')
    expect((await client.query(look)).rows).not.toEqual([])
  } finally {
    await client.query('rollback')
    client.release()
  }
})
