// Bringing a database up to date: once, whoever else is at it, and all of a step or nothing of it.
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { generateTypes } from '../server/db/generate-types.ts'
import { migrate, MigrationError } from '../server/db/migrate.ts'
import { prepareDatabase } from '../server/desk.ts'
import { outsideDatabase } from './support/outside-database.ts'
import { silentLog } from './support/silent-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'frontdesk-migrations-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A folder of migrations for one test. */
function migrations(files: Record<string, string>) {
  const path = mkdtempSync(join(folder, 'set-'))
  const url = pathToFileURL(`${path}/`)
  const write = (more: Record<string, string>) => {
    for (const [name, sql] of Object.entries(more)) writeFileSync(join(path, name), sql)
  }
  write(files)
  return { url, write, remove: (name: string) => rmSync(join(path, name)) }
}

/** Those of our own migrations that were made before this one. */
function oursBefore(name: string): URL {
  const ours = new URL('../server/db/migrations/', import.meta.url)
  const path = mkdtempSync(join(folder, 'ours-'))
  for (const file of readdirSync(ours)) if (file < name) cpSync(new URL(file, ours), join(path, file))
  return pathToFileURL(`${path}/`)
}

const applied = 'select name, checksum, applied_at from schema_migrations order by name'
const tables = `select table_schema || '.' || table_name as name from information_schema.tables
  where table_schema not in ('pg_catalog', 'information_schema') order by 1`

describe('our migrations', () => {
  test('change nothing the second time', async () => {
    const { connection, ask } = await outsideDatabase()
    const { applied: first } = await prepareDatabase({ connection, trusts: false }, silentLog)
    const before = [await ask(applied), await ask(tables)]
    const { applied: second } = await prepareDatabase({ connection, trusts: false }, silentLog)

    expect(first.length).toBeGreaterThan(3)
    expect(second).toEqual([])
    expect([await ask(applied), await ask(tables)]).toEqual(before)
  })

  test('are each applied once when ten instances start at the same moment', async () => {
    const { connection, ask } = await outsideDatabase()
    const each = await Promise.all(
      Array.from({ length: 10 }, () => prepareDatabase({ connection, trusts: false }, silentLog)),
    )

    const names = (await ask<{ name: string }>(applied)).map((row) => row.name)
    expect(each.flatMap(({ applied }) => applied).sort()).toEqual(names)
    expect(each.filter(({ applied }) => applied.length > 0)).toHaveLength(1)
  })

  test('learn from the audit log who made and last changed the customers of before, who stay as they are', async () => {
    const { connection, ask } = await outsideDatabase()
    await migrate(connection, { folder: oursBefore('20261121170000') })
    await ask(`
      insert into users (id, username, role) values (1, 'jon', 'operator'), (2, 'arya', 'operator');
      insert into customers (id, first_name, last_name, updated_at, version)
        select n, 'Ed', 'Stark', '2026-01-02', 3 from generate_series(1, 5) n;
      insert into audit_events (actor_id, actor_role, action, record_type, record_id, request_id) values
        (1, 'operator', 'customer.created', 'customer', 1, 'x'),
        (1, 'operator', 'customer.updated', 'customer', 1, 'x'),
        (2, 'operator', 'customer.archived', 'customer', 1, 'x'),
        (null, 'system', 'customer.created', 'customer', 2, 'x'),
        (2, 'operator', 'customer.updated', 'customer', 2, 'x'),
        (2, 'operator', 'customer.created', 'customer', 3, 'x'),
        (null, 'system', 'customer.updated', 'customer', 3, 'x'),
        (99, 'operator', 'customer.created', 'customer', 4, 'x'), -- whom the database does not know
        (1, 'operator', 'ticket.created', 'ticket', 5, 'x')`)
    const before = await ask(`select id, updated_at, version from customers order by id`)
    await migrate(connection)

    expect(await ask(`select created_by, updated_by from customers order by id`)).toEqual([
      { created_by: 1, updated_by: 2 },
      { created_by: null, updated_by: 2 },
      { created_by: 2, updated_by: null },
      { created_by: null, updated_by: null },
      { created_by: null, updated_by: null },
    ])
    expect(await ask(`select id, updated_at, version from customers order by id`)).toEqual(before)
  })

  test('let a token of before go on, and ask for the password before what is dangerous', async () => {
    const { connection, ask } = await outsideDatabase()
    await migrate(connection, { folder: oursBefore('20261121170000') })
    const token = (id: number) =>
      `insert into tokens (id, user_id, secret_hash, expires_at) values (${id}, 1, sha256('${id}'), now() + interval '1 hour')`
    await ask(`insert into users (id, username, role) values (1, 'jon', 'operator'); ${token(1)}`)
    await migrate(connection)
    await ask(token(2))

    expect(
      await ask(
        `select revoked_at, authenticated_at > now() - interval '10 minutes' as recent from tokens order by id`,
      ),
    ).toEqual([
      { revoked_at: null, recent: false },
      { revoked_at: null, recent: true },
    ])
  })

  test('and the types that the code knows the tables by belong together (npm run generate:types)', async () => {
    const { connection } = await outsideDatabase()
    await migrate(connection)

    await expect(generateTypes(connection, '--verify')).resolves.toContain('up-to-date')
  })

  test('control: a column that the types do not know is noticed', async () => {
    const { connection, ask } = await outsideDatabase()
    await migrate(connection)
    await ask('alter table users add forgotten text')

    await expect(generateTypes(connection, '--verify')).rejects.toThrow()
  })
})

describe('a migration', () => {
  const one = { '1_one.sql': 'create table one (id int);\ninsert into one values (1);\n' }

  test('that fails leaves nothing of itself, says why, and is applied once it is mended', async () => {
    const { connection, ask } = await outsideDatabase()
    const set = migrations({
      ...one,
      '2_two.sql': 'create table two (id int); insert into one values (2); select 1/0',
    })
    const failing = migrate(connection, { folder: set.url })

    await expect(failing).rejects.toThrow(MigrationError)
    await expect(failing).rejects.toThrow(
      'The migration 2_two.sql failed, and nothing of it was kept: division by zero.',
    )
    expect(await ask(tables)).toEqual([{ name: 'public.one' }, { name: 'public.schema_migrations' }])
    expect(await ask('select id from one')).toEqual([{ id: 1 }])
    expect(await ask('select name from schema_migrations')).toEqual([{ name: '1_one.sql' }])

    set.write({ '2_two.sql': 'create table two (id int)', '3_three.sql': 'create table three (id int)' })
    expect(await migrate(connection, { folder: set.url })).toEqual(['2_two.sql', '3_three.sql'])
  })

  test('must stay as it was when it was applied, but for the ends of its lines', async () => {
    const { connection, ask } = await outsideDatabase()
    const set = migrations(one)
    await migrate(connection, { folder: set.url })

    set.write({ '1_one.sql': one['1_one.sql'].replaceAll('\n', '\r\n') })
    expect(await migrate(connection, { folder: set.url })).toEqual([])
    set.write({ '1_one.sql': 'create table one (id bigint)', '2_two.sql': 'create table two (id int)' })
    await expect(migrate(connection, { folder: set.url })).rejects.toThrow(
      'The migration 1_one.sql was changed after it had been applied',
    )
    expect(await ask(tables)).toHaveLength(2)
  })

  test('that only a later version knows keeps this version off the database', async () => {
    const { connection, ask } = await outsideDatabase()
    const set = migrations({ ...one, '3_three.sql': 'create table three (id int)' })
    await migrate(connection, { folder: set.url })
    set.remove('3_three.sql')
    set.write({ '2_two.sql': 'create table two (id int)' })

    await expect(migrate(connection, { folder: set.url })).rejects.toThrow(
      /written by a later version of Frontdesk \(it knows the migration 3_three\.sql/,
    )
    expect(await ask(`select to_regclass('two') as two`)).toEqual([{ two: null }])
  })

  test('may take longer than any statement of a request', async () => {
    const { connection, ask } = await outsideDatabase()
    const settings = `create table seen as select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock`
    await migrate(connection, { folder: migrations({ '1_settings.sql': settings }).url })

    expect(await ask('select * from seen')).toEqual([{ statement: '0', lock: '0' }])
  })
})
