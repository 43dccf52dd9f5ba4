// The same SQL without HTTP, audit of who calls, validation or JSON: what PostgreSQL alone could do.
import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { clientOptions, type ConnectionOptions, type Query } from '../server/db/database.ts'
import type { Outcome } from './load.ts'
import type { Scenario } from './scenarios.ts'

const run = promisify(execFile)

/** As many as Frontdesk's pool has. */
const clients = 8

export function findPgbench(): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'pgbench'))
  return [...onPath, ...globSync('/usr/lib/postgresql/*/bin/pgbench').toReversed()].find((file) =>
    existsSync(file),
  )
}

export interface PgbenchRun {
  readonly program: string
  readonly connection: ConnectionOptions
  readonly folder: string
  readonly seconds: number
  /** A number that no other slice has. */
  readonly slice: number
}

export async function pgbench(
  sql: NonNullable<Scenario['sql']>,
  { program, connection, folder, seconds, slice }: PgbenchRun,
): Promise<Outcome> {
  const script = join(folder, 'pgbench.sql')
  writeFileSync(script, `${sql.variables.join('\n')}\n${toScript(sql.query)};\n`)
  const log = join(folder, 'pgbench-log')
  const { host, port, user, database, password } = connection
  const { stdout } = await run(
    program,
    [
      '-n',
      '-M',
      'prepared',
      '-f',
      script,
      '-c',
      `${clients}`,
      '-T',
      `${seconds}`,
      '-D',
      'n=0',
      '-D',
      `slice=${slice}`,
      '-l',
      `--log-prefix=${log}`,
    ],
    {
      env: {
        PATH: process.env['PATH'],
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGDATABASE: database,
        PGPASSWORD: typeof password === 'string' ? password : undefined,
        PGOPTIONS: clientOptions(connection).options,
      },
    },
  )
  const perSecond = Number(/tps = ([\d.]+)/.exec(stdout)?.[1])
  const calls = Number(/actually processed: (\d+)/.exec(stdout)?.[1])
  const logs = globSync(`${log}.*`)
  // A line is: client, transaction, microseconds, …
  const lines = logs.flatMap((file) => readFileSync(file, 'latin1').trim().split('\n'))
  for (const file of logs) rmSync(file)
  return { perSecond, calls, latencies: lines.map((line) => Number(line.split(' ')[2]) / 1000) }
}

/** `$1` becomes the value, or the variable that stands for it; on one line, as pgbench wants it or not. */
function toScript({ text, values = [] }: Query): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/\$(\d+)/g, (_, n: string) => literal(values[Number(n) - 1]))
}

function literal(value: unknown): string {
  if (value === ':phone') return `('+' || :phone::text)`
  if (typeof value === 'string' && value.startsWith(':')) return value
  if (value === null || value === undefined) return 'null'
  const text = Array.isArray(value)
    ? `{${value.join(',')}}`
    : typeof value === 'string'
      ? value
      : JSON.stringify(value)
  return `'${text.replaceAll("'", "''")}'`
}
