// Bringing a database up to date: once, whoever else is at it, and all of a step or nothing of it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
