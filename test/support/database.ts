// A database for one test file, cloned from the template that global-setup.ts migrated.
import pg from 'pg'
import { inject } from 'vitest'
import { clientOptions, type ConnectionOptions, type Rights } from '../../server/db/database.ts'
import { withDatabase } from './global-setup.ts'

export interface TestDatabase {
  readonly connection: ConnectionOptions
  /** Whose rights the application has in it. */
  readonly rights: Rights
  drop(): Promise<void>
}

export async function cloneDatabase(): Promise<TestDatabase> {
  const { connection, template, rights } = inject('postgres')
  const name = `frontdesk_test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`
  await once(connection, `create database ${name} template ${template}`)
  return {
    connection: withDatabase(connection, name),
    rights,
    drop: () => once(connection, `drop database if exists ${name} with (force)`),
  }
}

async function once(connection: ConnectionOptions, statement: string) {
  const client = new pg.Client(clientOptions(connection))
  await client.connect()
  try {
    // Files that clone at the same moment wait for each other's copy of the template.
    await client.query('set lock_timeout = 0; set statement_timeout = 0')
    await client.query(statement)
  } finally {
    await client.end()
  }
}
