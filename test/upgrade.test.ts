// The promise: this version starts on what any earlier version left, and nothing of it is lost. Every release adds a snapshot.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import {
  createCustomer,
  createToken,
  getCustomer,
  getRequest,
  listAuditEvents,
  listCustomers,
  listRequests,
} from '../contract/index.ts'
import { verifyChain } from '../server/audit/index.ts'
import { readConfig } from '../server/config.ts'
import { openPool, ownersRights } from '../server/db/database.ts'
import { type Desk, openDesk } from '../server/desk.ts'
import { frontdeskVersion } from '../server/version.ts'
import { callerOf } from './support/caller.ts'
import { freePort } from './support/desk-process.ts'
import { type OutsideDatabase, outsideDatabase } from './support/outside-database.ts'
import { silentLog } from './support/silent-log.ts'
import { migrationsIn, restore, snapshots } from './support/upgrade-snapshot.ts'
import { keptMails } from './support/kept-mails.ts'
import { openStores } from './support/stores.ts'

const versions = readdirSync(snapshots).map((file) => file.replace(/\.sql$/, ''))
const desks: Desk[] = []
afterAll(() => Promise.all(desks.map((desk) => desk.close())))

async function openOn(database: OutsideDatabase): Promise<string> {
  const PORT = String(await freePort())
  const config = readConfig({ DATABASE_URL: database.url, SECRET_KEY: '0123456789abcdef'.repeat(4), PORT })
  const desk = await openDesk(config, silentLog, new AbortController().signal)
  desks.push(desk)
  return desk.address
}

test('this version has left its snapshot (npm run snapshot)', () => {
  expect(versions).toContain(frontdeskVersion)
})

test.each(versions)('data of version %s is all there, and goes on', async (version) => {
  const snapshot = readFileSync(join(snapshots, `${version}.sql`), 'utf8')
  const database = await outsideDatabase()
  await restore(database.connection, snapshot)
  expect(await database.ask('select name, checksum from schema_migrations order by name')).toEqual(
    migrationsIn(snapshot),
  )
  const url = await openOn(database)

  const anonymous = callerOf(url, {})
  const { body } = await anonymous(createToken, {
    body: { username: 'admin', password: 'winter-is-coming-soon' },
  })
  const call = callerOf(url, { authorization: `Bearer ${body.token}` })
  const stark = {
    first_name: 'Ed',
    last_name: 'Stark',
    phone: '+442083661177',
    email: 'Ed@Winterfell.example',
    company: `Stark's "Sons" & Co \\ 雪`,
  }

  const { results: live } = (await call(listCustomers, { query: { q: 'stark' } })).body
  expect(live).toMatchObject([stark])
  const id = live[0]?.id ?? 0
  // By no account, as the audit log of that version says; of those with one, migrations.test.ts tells.
  const nobody = { created_by: null, updated_by: null }
  expect((await call(getCustomer, { params: { id } })).body).toMatchObject({ ...stark, ...nobody })
  const { results: all } = (await call(listCustomers, { query: { show_archived: true } })).body
  expect(all.map(({ last_name, archived_at }) => [last_name, archived_at !== null])).toEqual([
    ['Lannister', true],
    ['Stark', false],
  ])

  const { results: requests } = (await call(listRequests, { query: { show_archived: true } })).body
  expect(
    requests.map((row) => [row.body, row.status, row.resolution_comment !== null, row.archived_at !== null]),
  ).toEqual([
    ['Gold', 'PENDING', false, true],
    ['Summer', 'REJECTED', true, true],
    ['A coat', 'COMPLETED', true, false],
    ['Dragons', 'IN_PROGRESS', false, false],
    ['Winter is coming\nand it is cold', 'PENDING', false, false],
  ])
  for (const { id: request } of requests)
    expect((await call(getRequest, { params: { id: request } })).status).toBe(200)

  const fresh = await call(createCustomer, { body: { first_name: 'Arya', last_name: 'Stark' } })
  expect(fresh.status).toBe(201)
  expect(fresh.body.id).toBeGreaterThan(Math.max(...all.map((row) => row.id)))
  expect((await call(createCustomer, { body: { ...stark, email: null } })).problem.status).toBe(409)

  // What was done before the upgrade is in the chain, in the order of its numbers, and everything since behind it.
  const before = [...snapshot.matchAll(/^insert into audit_events [^]*?;$/gm)]
    .join('\n')
    .match(/"request_id"/g)
  const pool = openPool(database.connection, silentLog, ownersRights, 1)
  const { stores, close } = await openStores()
  const ctx = {
    config: readConfig({}),
    db: pool,
    ...stores,
    mailer: keptMails(),
    log: silentLog,
    clock: Date.now,
  }
  const told: string[] = []
  const { end } = await verifyChain(ctx, undefined, (finding) => told.push(finding))
  expect(told).toEqual([])
  expect(end?.position).toBe((await call(listAuditEvents, { query: { limit: 1 } })).body.count)
  expect(end?.position).toBeGreaterThan(before?.length ?? 0)
  await pool.end()
  await close()
})
