// As query-plans.test.ts, of what lets people and programs in, and of what is forgotten: every statement reads the index that
// was made for it, and no table from end to end.
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import {
  deleteClient,
  getMe,
  listClients,
  listMyGrants,
  listMySessions,
  listMyTokens,
} from '../contract/index.ts'
import { clientOptions } from '../server/db/database.ts'
import { tasksOf } from '../server/desk.ts'
import type { Tasks } from '../server/jobs/worker.ts'
import { openTestDesk, secretKey } from './support/desk.ts'
import { planExpectations } from './support/expect-plans.ts'
import { credentialTables, fillManyCredentials, liveClients } from './support/many-credentials.ts'
import { sentDuring } from './support/query-plans.ts'

const desk = await openTestDesk()
const { as, ctx, given, rows } = desk
const client = new pg.Client(clientOptions(desk.database.connection))
await client.connect()
afterAll(async () => {
  // These rows have no past in the audit log, and openTestDesk looks for one in the end.
  await client.query(`truncate ${credentialTables.join(', ')}`)
  await client.end()
})
const admin = await given.admin()
await fillManyCredentials(client, admin.id)
const call = as(admin)
const { expectPlans, expectReadBehind, unusedIndexes } = planExpectations(client, () => call(getMe, {}))
const tasks: Tasks = tasksOf(ctx, secretKey)

/** A row of a list lies on a page of its own. */
const page = 51 * 2 + 20
/** The rows that are past lie side by side: found, locked, looked at again and deleted. */
const forgetting = 500 * 4

test('a list of what lets somebody in is found by whom it lets in', async () => {
  await expectPlans(() => call(listMySessions, {}), ['sessions_live'], page)
  await expectPlans(() => call(listMyTokens, {}), ['tokens_live'], page)
  await expectPlans(() => call(listMyGrants, {}), ['oauth_clients_pkey', 'oauth_grants_live'], page + 51 * 2)
})

test('the list of clients is read in its order', async () => {
  await expectPlans(() => call(listClients, {}), ['oauth_clients_live'], page + liveClients)
})

test('a client is deleted with the grants that it has', async () => {
  const [granted] = await rows<{ id: number }>(
    `select min(oauth_clients.id) as id from oauth_clients join oauth_grants on oauth_grants.client_id = oauth_clients.id
     where deleted_at is null and revoked_at is null and expires_at > now()`,
  )
  const params = { id: granted?.id ?? 0 }
  const undo = () =>
    client.query(
      `update oauth_clients set deleted_at = null where id = ${params.id};
       update oauth_grants set revoked_at = null where client_id = ${params.id}`,
    )
  await expectPlans(
    () => call(deleteClient, { params }),
    // Whose token it is, is asked anew for what is dangerous.
    [
      'oauth_clients_pkey',
      'oauth_grants_of_client',
      'oauth_grants_pkey',
      'tokens_secret_hash_key',
      'users_pkey',
    ],
    500,
    undo,
  )
})

test('whoever has a grant of a client hears of its change, found by the client', async () => {
  await expectReadBehind(
    `update oauth_clients set scopes = '{}' where id = (select max(id) from oauth_clients)`,
    {
      table: 'oauth_grants',
      index: 'oauth_grants_of_client',
    },
  )
})

test('a grant that is forgotten takes its tokens with it, found by the grant', async () => {
  await expectReadBehind('delete from oauth_grants where id = (select max(id) from oauth_grants)', {
    table: 'oauth_tokens',
    index: 'oauth_tokens_of_grant',
  })
})

test.each([
  ['forget_ended_sessions', ['sessions_expiry']],
  ['forget_ended_tokens', ['tokens_expiry']],
  ['forget_mailed_links', ['one_time_tokens_expiry']],
  ['forget_sign_in_attempts', ['sign_in_attempts_expiry']],
  ['forget_idempotency_keys', ['idempotency_keys_age']],
  ['forget_expired_grants', ['oauth_browsers_expiry', 'oauth_grants_expiry', 'oauth_tokens_expiry']],
] as const)('%s finds what is past by its time', async (task, indexes) => {
  await expectPlans(async () => tasks[task]?.work(), indexes, forgetting * indexes.length)
})

test('all that is past is forgotten, a thousand at a time, and nothing else', async () => {
  const add = (count: number, expiresAt: string) =>
    client.query(
      `insert into sessions (user_id, secret_hash, expires_at) select ${admin.id}, sha256(random()::text::bytea), ${expiresAt}
       from generate_series(1, ${count})`,
    )
  await client.query('truncate sessions')
  await add(2_500, `now() - interval '8 days'`)
  await add(300, `now() - interval '6 days'`)
  const sent = await sentDuring(async () => tasks['forget_ended_sessions']?.work())
  expect(sent).toHaveLength(3)
  expect(await rows('select count(*)::integer as left from sessions')).toEqual([{ left: 300 }])
})

test('every index of these tables is one that a statement reads, or that keeps a key unique', async () => {
  expect(await unusedIndexes(credentialTables)).toEqual([])
})
