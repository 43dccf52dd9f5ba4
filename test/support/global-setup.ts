// One PostgreSQL for the whole run, with a migrated template that every test file clones (about 30 ms).
// With DATABASE_URL the same happens on that server, in databases of our own.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { type ConnectionOptions, clientOptions, type Rights } from '../../server/db/database.ts'
import { startEmbeddedPostgres } from '../../server/db/embedded/index.ts'
import { prepareDatabase } from '../../server/desk.ts'
import { silentLog } from './silent-log.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the server is, the database to connect to for creating others, and whose rights the application has in them. */
    postgres: { readonly connection: ConnectionOptions; readonly template: string; readonly rights: Rights }
  }
}

/** Tests need speed, not safety: their rows may die with the machine. The kill test has a server of its own. */
const fast = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' }

export default async function setUp(project: TestProject) {
  const server = await (process.env['DATABASE_URL']
    ? outsideServer(process.env['DATABASE_URL'])
    : ownServer())
  const template = `frontdesk_template_${process.pid}`
  const tearDown = async () => {
    await run(server.connection, `drop database if exists ${template} with (force)`)
    await server.stop()
  }
  try {
    await run(server.connection, `create database ${template}`)
    const { rights } = await prepareDatabase(
      { connection: withDatabase(server.connection, template), trusts: server.trusts },
      silentLog,
    )
    project.provide('postgres', { connection: server.connection, template, rights })
  } catch (error) {
    // Without a set-up that succeeded nobody would call the other end of it.
    await tearDown()
    throw error
  }
  return tearDown
}

async function ownServer() {
  const dataDir = await mkdtemp(join(tmpdir(), 'frontdesk-test-'))
  const postgres = await startEmbeddedPostgres({
    dataDir,
    pgBin: process.env['FRONTDESK_PG_BIN'],
    settings: fast,
    log: silentLog,
  })
  return {
    connection: postgres.connection as ConnectionOptions,
    trusts: true,
    stop: async () => {
      await postgres.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function outsideServer(url: string) {
  return { connection: { connectionString: url }, trusts: false, stop: async () => {} }
}

export function withDatabase(connection: ConnectionOptions, database: string): ConnectionOptions {
  if (connection.connectionString === undefined) return { ...connection, database }
  const url = new URL(connection.connectionString)
  url.pathname = `/${database}`
  return { connectionString: url.href }
}

async function run(connection: ConnectionOptions, statement: string) {
  const client = new pg.Client(clientOptions(connection))
  await client.connect()
  await client.query('set statement_timeout = 0')
  await client.query(statement)
  await client.end()
}
