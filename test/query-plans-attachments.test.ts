// As query-plans.test.ts, of attachments: 20,000 of them in one thread and as many in others, of 30,000 contents.
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { createPost, deletePost, getAttachment, getMe, getPost, listPosts } from '../contract/index.ts'
import { clientOptions } from '../server/db/database.ts'
import { attachments } from '../server/tickets/index.ts'
import { openTestDesk } from './support/desk.ts'
import { planExpectations } from './support/expect-plans.ts'

const desk = await openTestDesk()
const { as, ctx, given, rows } = desk
const client = new pg.Client(clientOptions(desk.database.connection))
await client.connect()
afterAll(async () => {
  // These rows have no past in the audit log and no files, and openTestDesk looks for both in the end.
  await client.query(`
    alter table audit_events disable trigger user; alter table audit_chain disable trigger user;
    truncate attachment_files, tickets, audit_events, audit_chain, outbox cascade`)
  await client.end()
})
const user = await given.user()
const { id } = await given.request({ customer_id: await given.own(user) })
const others = (await given.request()).id
await client.query(
  `insert into posts (ticket_id, number, author_id, message, created_at)
   select ticket, n, ${user.id}, 'Message ' || n, now() + interval '1 second' * n
   from generate_series(2, 20001) n, unnest(array[${id}, ${others}]) ticket;
   insert into attachment_files (sha256, key)
   select sha256, sha256 || '-0000000000000000'
   from generate_series(1, 30000) n, lateral (select encode(sha256(n::text::bytea), 'hex') as sha256);
   insert into attachments (post_id, place, name, media_type, bytes, sha256)
   select id, 1, 'a.txt', 'text/plain', 1, encode(sha256((1 + id % 20000)::text::bytea), 'hex') from posts where number > 1;
   update tickets set posts_made = 20001, posts_count = 20001 where id in (${id}, ${others})`,
)
await client.query('vacuum (analyze) posts, attachments, attachment_files')
const { expectPlans, expectReadBehind, unusedIndexes } = planExpectations(client, () => as(user)(getMe, {}))

test('a page of a thread reads the attachments of its posts', async () => {
  const page = 51 * 12 + 30
  const indexes = [
    'attachments_post_place',
    'posts_public_thread',
    'tickets_pkey',
    'users_pkey',
    'customers_user_key',
  ]
  await expectPlans(() => as(user)(listPosts, { params: { id } }), indexes, page)
})

test('a post is made and deleted with its own, and by nobody else’s cost', async () => {
  const reply = () => as(user)(createPost, { params: { id }, body: { message: 'Cold' } })
  const made = await reply()
  const params = { id: made.body.id }
  await expectPlans(
    () => as(user)(getPost, { params }),
    ['attachments_post_place', 'posts_pkey', 'tickets_pkey', 'users_pkey', 'customers_user_key'],
    25,
  )
  await expectPlans(
    () => as(user)(deletePost, { params }),
    ['attachments_post_place', 'customers_user_key', 'posts_pkey', 'posts_public_thread', 'tickets_pkey'],
    500,
    () => rows("update posts set deleted_at = null, message = 'Cold' where id = $1", [made.body.id]),
  )
})

test('an attachment is found by its number, and whose it is by that of the customer', async () => {
  const [row] = await rows<{ id: number }>(
    'select min(attachments.id) as id from attachments join posts on posts.id = post_id where ticket_id = $1',
    [id],
  )
  const indexes = [
    'attachment_files_pkey',
    'attachments_pkey',
    'posts_pkey',
    'tickets_pkey',
    'customers_user_key',
  ]
  await expectPlans(() => as(user)(getAttachment, { params: { id: row?.id ?? 0 } }), indexes, 50)
})

test('the sweep looks up the files by their names, and who has them by their hashes', async () => {
  const keys = (await rows<{ key: string }>('select key from attachment_files order by key limit 50')).map(
    ({ key }) => key,
  )
  const indexes = ['attachment_files_key_key', 'attachments_sha256']
  const anHourLater = Date.now() + 3_700_000
  await expectPlans(() => attachments.attachmentFiles.inUse(ctx, keys, anHourLater), indexes, 50 * 20)
  await expectReadBehind(
    `delete from attachment_files where sha256 = (
       select sha256 from attachment_files where not exists (select from attachments where attachments.sha256 = attachment_files.sha256) limit 1)`,
    { table: 'attachments', index: 'attachments_sha256' },
  )
})

test('every index of these tables is one that a statement reads, or that keeps a key unique', async () => {
  expect(await unusedIndexes(['attachments', 'attachment_files'])).toEqual([])
})
