// What a version leaves in a database, as text: the migrations that it had applied, and its rows. The tables themselves are
// made by those same migrations, which never change.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { clientOptions, type ConnectionOptions } from '../../server/db/database.ts'
import { migrate } from '../../server/db/migrate.ts'
import { frontdeskVersion } from '../../server/version.ts'
import { PROJECT } from './embedded-postgres.ts'

export const snapshots = join(PROJECT, 'test/fixtures/upgrade')

/** A table may point at those made before it, so the order of their making is that of filling them. */
const tables = `
  select oid::regclass::text as name,
    (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
     where attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns,
    (select attname from pg_attribute where attrelid = pg_class.oid and attidentity <> '') as identity
  from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'schema_migrations' order by oid`

export async function snapshotOf(connection: ConnectionOptions): Promise<string> {
  return withClient(connection, async (client) => {
    const lines = [
      `-- The rows that Frontdesk ${frontdeskVersion} left, written by npm run snapshot. Never changed after the release.`,
    ]
    const applied = await client.query('select name, checksum from schema_migrations order by name')
    for (const { name, checksum } of applied.rows) lines.push(`-- migration ${name} ${checksum}`)
    for (const { name, columns, identity } of (await client.query(tables)).rows) {
      const { rows } = await client.query(
        `select to_jsonb(kept)::text as row from (select ${columns} from ${name}) as kept`,
      )
      if (rows.length === 0) continue
      const json = pg.escapeLiteral(`[${rows.map(({ row }) => row).join(',\n')}]`)
      lines.push(
        `insert into ${name} (${columns}) select ${columns} from jsonb_populate_recordset(null::${name}, ${json});`,
      )
      if (identity)
        lines.push(
          `select setval(pg_get_serial_sequence('${name}', '${identity}'), max(${identity})) from ${name};`,
        )
    }
    return `${lines.join('\n')}\n`
  })
}

/** Fills an empty database with what that version left. */
export async function restore(connection: ConnectionOptions, snapshot: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-snapshot-'))
  try {
    for (const { name } of migrationsIn(snapshot))
      await cp(join(PROJECT, 'server/db/migrations', name), join(folder, name))
    await migrate(connection, { folder: pathToFileURL(`${folder}/`) })
  } finally {
    await rm(folder, { recursive: true })
  }
  await withClient(connection, (client) => client.query(snapshot))
}

export function migrationsIn(snapshot: string): { name: string; checksum: string }[] {
  return [...snapshot.matchAll(/^-- migration (\S+) (\S+)$/gm)].map(([, name = '', checksum = '']) => ({
    name,
    checksum,
  }))
}

async function withClient<T>(
  connection: ConnectionOptions,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(clientOptions(connection))
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
