// npm run generate:types: writes the tables' types from a migrated database, made for this moment and thrown away.
// A test holds the file against the migrations, so forgetting this is noticed.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pino from 'pino'
import type { ConnectionOptions } from './database.ts'
import { startEmbeddedPostgres } from './embedded/index.ts'
import { migrate } from './migrate.ts'

/** How database.ts reads them. */
const typeMapping = { int8: 'number', timestamptz: 'string', bytea: 'Buffer' }

/** Writes schema.generated.ts; with `--verify` it writes nothing, and throws when the file is not current. */
export async function generateTypes(
  connection: ConnectionOptions,
  ...options: readonly string[]
): Promise<string> {
  const generator = fileURLToPath(import.meta.resolve('kysely-codegen/dist/cli/bin.js'))
  const target = fileURLToPath(new URL('schema.generated.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [
    generator,
    '--dialect=postgres',
    `--url=${urlOf(connection)}`,
    `--type-mapping=${JSON.stringify(typeMapping)}`,
    `--out-file=${target}`,
    ...options,
  ])
  return stdout
}

/** A server that listens on a socket has no host in its URL. */
export function urlOf({
  connectionString,
  host = '',
  port = 5432,
  user = '',
  database = '',
  password,
}: ConnectionOptions): string {
  if (connectionString !== undefined) return connectionString
  const rest = new URLSearchParams({
    host,
    port: String(port),
    user,
    ...(password === undefined ? {} : { password: String(password) }),
  })
  return `postgres:///${database}?${rest.toString()}`
}

if (import.meta.main) {
  const dataDir = await mkdtemp(join(tmpdir(), 'frontdesk-types-'))
  const postgres = await startEmbeddedPostgres({
    dataDir,
    settings: { fsync: 'off' },
    log: pino({ level: 'silent' }),
  })
  try {
    await migrate(postgres.connection)
    process.stdout.write(await generateTypes(postgres.connection))
  } finally {
    await postgres.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
