// As query-plans.test.ts, of the jobs that mail about tickets: what they cost depends on what is new, not on what there is.
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { assignRequest, closeRequest, createPost } from '../contract/index.ts'
import { clientOptions } from '../server/db/database.ts'
import { tasksOf } from '../server/desk.ts'
import { openTestDesk, secretKey } from './support/desk.ts'
import { planExpectations } from './support/expect-plans.ts'
import { conversation, proved } from './support/notifications.ts'

const desk = await openTestDesk()
const { as, given, mails, rows } = desk
const client = new pg.Client(clientOptions(desk.database.connection))
await client.connect()
afterAll(async () => {
  // These rows have no past in the audit log, and openTestDesk looks for one in the end.
  await client.query(`
    alter table audit_events disable trigger user; alter table audit_chain disable trigger user;
    truncate users, customers, tickets, attachment_files, audit_events, audit_chain, outbox cascade`)
  await client.end()
})
const { id, operator, asCustomer, asOperator } = await conversation(desk)
await client.query('set statement_timeout = 0')
await client.query(`
  insert into customers (id, first_name, last_name) select n, 'Ed', 'Stark ' || n from generate_series(100001, 105000) n;
  insert into users (id, role) select n, 'operator' from generate_series(100001, 105000) n;
  insert into tickets (id, customer_id, posts_made) select n, n, 10 from generate_series(100001, 105000) n;
  insert into posts (ticket_id, number, subject, message)
  select n, number, case number when 1 then 'Winter' end, 'It is cold' from generate_series(100001, 105000) n, generate_series(1, 10) number;
  insert into notices (ticket_id, side, told) select n, side, 1 from generate_series(100001, 105000) n, unnest('{customer,operator}'::text[]) side;
  insert into posts (ticket_id, number, author_id, message) select ${id}, n, ${operator.id}, 'Message ' || n from generate_series(2, 10000) n;
  insert into attachment_files (sha256, key) select repeat('a', 64), repeat('a', 64) || '-0';
  insert into attachments (post_id, place, name, media_type, bytes, sha256)
  select posts.id, 1, 'notes.txt', 'text/plain', 1, repeat('a', 64) from posts;
  update tickets set posts_made = 10000, posts_count = 10000 where id = ${id};
  insert into notices (ticket_id, side, told) values (${id}, 'customer', 10000), (${id}, 'operator', 10000);
`)
await client.query('vacuum (analyze)')

const { expectPlans } = planExpectations(client, async () => {})
const tasks = tasksOf(desk.ctx, secretKey)
const ofAsk = 'posts_ticket_id_number_key'
const ofFiles = 'attachments_post_place'

test('what is new in a thread of 10,000 posts is found by its number', async () => {
  await asOperator(createPost, { params: { id }, body: { message: 'Light a fire' } })
  await asCustomer(createPost, { params: { id }, body: { message: 'Thank you' } })
  const work = (side: string) => () =>
    tasks['mail_replies']?.work({ ticket_id: id, side }) ?? Promise.reject()
  const common = [ofFiles, 'notices_pkey', ofAsk, 'tickets_pkey', 'users_pkey']
  const undo = () =>
    client.query('update notices set told = 10000, mailed_at = null where ticket_id = $1', [id])
  await expectPlans(work('customer'), [...common, 'customers_pkey'], 80, undo)
  await undo()
  await expectPlans(work('operator'), common, 80, undo)
  await rows('delete from graphile_worker._private_jobs')
})

test('whom work is given to, and whose ticket has ended, is found by number', async () => {
  const other = await proved(desk, await given.operator())
  await as(await given.admin())(assignRequest, { params: { id: other.id, request_id: id } })
  const payload = async () => {
    const [job] = await rows<{ payload: object }>('select payload from graphile_worker._private_jobs')
    return job?.payload
  }
  const assigned = await payload()
  await expectPlans(
    () => tasks['mail_assignment']?.work(assigned) ?? Promise.reject(),
    [ofFiles, 'customers_pkey', ofAsk, 'tickets_pkey', 'users_pkey'],
    30,
  )
  expect(await mails()).toHaveLength(1)
  const done = { status: 'COMPLETED', resolution_comment: 'Done' } as const
  await asOperator(closeRequest, { params: { id }, body: done })
  const ended = await payload()
  await expectPlans(
    () => tasks['mail_resolution']?.work(ended) ?? Promise.reject(),
    ['customers_pkey', ofAsk, 'tickets_pkey', 'users_pkey'],
    30,
  )
  expect(await mails()).toHaveLength(1)
})

test('who is told where nobody works is found among the admins', async () => {
  await proved(desk, await given.admin())
  await rows(
    'update users set disabled_at = now() where id = (select processed_by from tickets where id = $1)',
    [id],
  )
  const undo = () =>
    client.query(
      `update notices set told = 9999, mailed_at = null where ticket_id = $1 and side = 'operator'`,
      [id],
    )
  await undo()
  await expectPlans(
    () => tasks['mail_replies']?.work({ ticket_id: id, side: 'operator' }) ?? Promise.reject(),
    [
      ofFiles,
      'notices_pkey',
      ofAsk,
      'tickets_customer_created',
      'tickets_pkey',
      'users_pkey',
      'users_role_created',
    ],
    100,
    undo,
  )
})
