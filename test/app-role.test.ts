// What the application may do to its own database: read and write rows, and nothing to what is written in the audit log.
import pg from 'pg'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConnectionOptions, openPool, type Rights } from '../server/db/database.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../server/db/embedded/index.ts'
import { relay } from '../server/db/relay.ts'
import { prepareDatabase } from '../server/desk.ts'
import type { Log } from '../server/log.ts'
import { openTestDesk } from './support/desk.ts'
import { ask, newFolder, startDesk } from './support/desk-process.ts'
import { outsideDatabase } from './support/outside-database.ts'
import { silentLog } from './support/silent-log.ts'

const denied = { code: '42501' }
const asApp: Rights = { settings: '-c role=frontdesk_app' }

describe('the application', async () => {
  const { ctx, given, pool } = await openTestDesk()
  beforeAll(async () => {
    await given.request({ status: 'COMPLETED' })
    await relay(ctx.db)
    await given.customer()
  })

  test.each([
    'update audit_events set actor_id = 7',
    'delete from audit_events where id = 1',
    'truncate audit_events',
    'insert into audit_chain select position + 1, event_id + 1, hash from audit_chain order by position desc limit 1',
    'update audit_chain set hash = sha256(hash)',
    'delete from audit_chain',
    'truncate audit_chain',
    'update outbox set event_id = event_id + 1000',
    'delete from outbox',
    'truncate outbox',
    "insert into job_workers values ('somebody', '2020-01-01')",
    'update job_workers set seen_at = now()',
    'delete from job_workers',
    "insert into schema_migrations (name, checksum) values ('29990101000000_future.sql', 'x')",
    'delete from schema_migrations',
    'truncate customers cascade',
    'create table loot (id bigint)',
    'create table loot as select * from customers',
    'alter table audit_events disable trigger user',
    'alter table customers add column loot text',
    'alter function relay_outbox(integer) security invoker',
    'drop table audit_events',
    'drop trigger append_only on audit_events',
    'create role accomplice',
    'create schema loot',
    'select * from graphile_worker._private_jobs',
    "select graphile_worker.add_job('loot')",
  ])('S60 may not: %s', async (text) => {
    await expect(ctx.db.query({ text })).rejects.toMatchObject(denied)
  })

  test.skipIf(process.env['DATABASE_URL'])(
    'S60 cannot become anybody else, having signed in as itself',
    async () => {
      const { rows } = await ctx.db.query({
        text: `select session_user as name, set_config('role', 'none', false) as role`,
      })
      expect(rows).toEqual([{ name: 'frontdesk_app', role: 'none' }])
      await expect(ctx.db.query({ text: 'delete from audit_events' })).rejects.toMatchObject(denied)
      await expect(ctx.db.query({ text: 'set role frontdesk' })).rejects.toMatchObject(denied)
    },
  )

  test('may do its work, count the jobs, and have events put into the chain', async () => {
    for (const text of [
      'select * from audit_events',
      'select * from audit_chain',
      'select * from outbox',
      'select count(*) from graphile_worker.jobs',
      'select relay_outbox(10)',
    ])
      await expect(ctx.db.query({ text })).resolves.toBeDefined()
  })

  test('cannot have its own temporary tables taken for ours', async () => {
    const { connection } = await outsideDatabase({ migrated: true })
    const pool = openPool(connection, silentLog, asApp, 1)
    await pool.query('create temporary table outbox (event_id bigint)')
    await pool.query(`insert into audit_events (actor_role, action, record_type, record_id, request_id)
      values ('test', 'customer.seen', 'customer', 1, 'test')`)
    expect((await pool.query('select * from outbox')).rows).toEqual([])
    expect((await pool.query('select relay_outbox(10) as relayed')).rows).toEqual([{ relayed: 1 }])
    await pool.end()
  })

  test.each([
    ['audit_events', 'id'],
    ['audit_chain', 'position'],
  ])('and even the owner only adds to %s', async (table, key) => {
    for (const text of [`update ${table} set ${key} = 1`, `delete from ${table}`, `truncate ${table}`])
      await expect(pool.query(text)).rejects.toThrow(`${table} is append-only`)
  })
})

test(
  'a desk that people start works with these rights, and mends them when it starts again',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder()
    const env = { ANONYMOUS_ROLE: 'admin' }
    const desk = await startDesk({ folder, env })
    const customers = async (url: string) => (await fetch(`${url}/api/customers`)).status
    expect(await customers(desk.url)).toBe(200)
    await ask(folder, 'revoke select on customers from frontdesk_app')
    await ask(folder, 'grant update on audit_events to frontdesk_app')
    await ask(folder, 'create table of_a_later_version (id bigint)')
    expect(await customers(desk.url)).toBe(500)
    await desk.stop()

    const again = await startDesk({ folder, env })
    expect(await customers(again.url)).toBe(200)
    const may = (table: string, right: string) =>
      `has_table_privilege('frontdesk_app', '${table}', '${right}')`
    expect(
      await ask(
        folder,
        `select ${may('audit_events', 'update')} as edit, ${may('of_a_later_version', 'delete')} as work`,
      ),
    ).toEqual([{ edit: false, work: true }])
  },
)

describe('on a server of its own', () => {
  let folder = ''
  let server: EmbeddedPostgres
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'frontdesk-roles-'))
    await chmod(folder, 0o755)
    const settings = { fsync: 'off', shared_buffers: '16MB' }
    server = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), settings, log: silentLog })
    await as(server.connection, 'create role plain login; create role keeper login createrole')
  })
  afterAll(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** An empty database of this user's. */
  async function databaseOf(user: string, name = `of_${user}`): Promise<ConnectionOptions> {
    await as(server.connection, `create database ${name} owner ${user}`)
    return { ...server.connection, database: name, user }
  }

  /** As every start does it; answers what was warned of, too. */
  async function prepare(connection: ConnectionOptions) {
    const warnings: string[] = []
    const warn = (_: object, message: string) => void warnings.push(message)
    const { rights } = await prepareDatabase({ connection, trusts: false }, {
      ...silentLog,
      warn,
    } as unknown as Log)
    return { rights, warnings }
  }

  test('an owner who cannot make the role keeps their own rights, and an administrator is told the remedy', async () => {
    const connection = await databaseOf('plain')
    const { rights, warnings } = await prepare(connection)
    expect(rights).toEqual({ settings: '' })
    expect(warnings).toEqual([expect.stringContaining('create role frontdesk_app nologin')])
    expect(warnings).toEqual([expect.stringContaining('grant frontdesk_app to plain;')])

    await as(server.connection, 'create role frontdesk_app nologin')
    expect((await prepare(connection)).warnings).toHaveLength(1)
    await as(server.connection, 'grant frontdesk_app to plain')
    expect(await prepare(connection)).toEqual({ rights: asApp, warnings: [] })
    await expect(as(connection, 'delete from audit_events', asApp)).rejects.toMatchObject(denied)
    await as(server.connection, 'drop database of_plain')
    await as(server.connection, 'drop role frontdesk_app')
  })

  test('an owner who may make roles makes it, and finds their tables in a schema of their own', async () => {
    const connection = await databaseOf('keeper')
    await as(connection, 'create schema authorization keeper')
    const { rights, warnings } = await prepare(connection)

    expect([rights, warnings]).toEqual([
      { settings: '-c role=frontdesk_app -c search_path=keeper,public' },
      [],
    ])
    expect(
      await as(connection, 'select count(*)::integer, current_user::text from customers group by 2', rights),
    ).toEqual([])
    expect(await as(connection, 'select relay_outbox(10), current_user::text as name', rights)).toEqual([
      { relay_outbox: 0, name: 'frontdesk_app' },
    ])
    await expect(as(connection, 'truncate audit_events', rights)).rejects.toMatchObject(denied)
    await as(server.connection, 'drop database of_keeper')
    await as(server.connection, 'drop role frontdesk_app')
  })

  test('databases that are prepared at the same moment share the one role', async () => {
    const names = ['north', 'east', 'south', 'west']
    const connections: ConnectionOptions[] = []
    for (const name of names) connections.push(await databaseOf('keeper', name))
    const each = await Promise.all(connections.map(prepare))
    expect(each).toEqual(names.map(() => ({ rights: asApp, warnings: [] })))
  })
})

async function as(connection: ConnectionOptions, text: string, { settings }: Rights = { settings: '' }) {
  const client = new pg.Client({ ...connection, options: settings })
  await client.connect()
  try {
    return (await client.query(text)).rows as unknown[]
  } finally {
    await client.end()
  }
}
