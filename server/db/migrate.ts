// Brings a database up to this version. Forward only: each file runs once, in its own transaction, under one lock, so that
// ten instances may start at the same moment.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'
import { migrationLock } from './advisory-locks.ts'
import { clientOptions, type ConnectionOptions } from './database.ts'

const ours = new URL('migrations/', import.meta.url)

export class MigrationError extends Error {}

interface Migrating {
  readonly folder?: URL
  /** What else is to be done by one at a time, with the owner's connection; also when nothing was missing. */
  afterwards?(client: pg.Client): Promise<void>
}

/** Applies what is missing, and answers the names of what it applied. Throws MigrationError on a database of a later version. */
export async function migrate(
  connection: ConnectionOptions,
  { folder = ours, afterwards }: Migrating = {},
): Promise<string[]> {
  const client = new pg.Client({
    ...clientOptions(connection),
    options: '-c timezone=UTC -c lock_timeout=0 -c statement_timeout=0',
  })
  client.on('error', () => {}) // the statement that runs meanwhile fails, and tells
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock])
    const applied = await appliedMigrations(client)
    const files = await migrationFiles(folder)
    refuseUnknown(applied, files)
    const missing = files.filter((file) => !applied.has(file.name))
    for (const file of missing) await apply(client, file)
    await afterwards?.(client)
    return missing.map((file) => file.name)
  } finally {
    await client.end()
  }
}

interface MigrationFile {
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

async function migrationFiles(folder: URL): Promise<MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name) => {
      // A checkout on Windows may end its lines otherwise; that is no change.
      const sql = (await readFile(new URL(name, folder), 'utf8')).replaceAll('\r\n', '\n')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function appliedMigrations(client: pg.Client): Promise<Map<string, string>> {
  await client.query(
    `create table if not exists schema_migrations (
       name text primary key,
       checksum text not null,
       applied_at timestamptz not null default now()
     )`,
  )
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from schema_migrations',
  )
  return new Map(rows.map((row) => [row.name, row.checksum]))
}

function refuseUnknown(applied: Map<string, string>, files: readonly MigrationFile[]) {
  for (const [name, checksum] of applied) {
    const file = files.find((candidate) => candidate.name === name)
    if (!file) {
      throw new MigrationError(
        `The database was written by a later version of Frontdesk (it knows the migration ${name}, this version does not). Start that version or a newer one.`,
      )
    }
    if (file.checksum !== checksum) {
      throw new MigrationError(
        `The migration ${name} was changed after it had been applied to this database, so this is not the version that wrote it. Start that version, or restore a backup.`,
      )
    }
  }
}

async function apply(client: pg.Client, file: MigrationFile) {
  await client.query('begin')
  try {
    await client.query(file.sql)
    await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [
      file.name,
      file.checksum,
    ])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {}) // a lost connection has rolled back by itself
    const reason = error instanceof Error ? error.message : String(error)
    throw new MigrationError(`The migration ${file.name} failed, and nothing of it was kept: ${reason}.`, {
      cause: error,
    })
  }
}
