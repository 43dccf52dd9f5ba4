// Fills the database of a running Frontdesk with years of work.
import pg from 'pg'
import { clientOptions, type ConnectionOptions } from '../server/db/database.ts'
import { findRunningPostgres } from '../server/db/embedded/index.ts'
import { fillManyRows } from '../test/support/many-rows.ts'
import type { Rows } from './scenarios.ts'

/** The newest requests are open, so that giving them to operators can be measured again and again. */
const openShare = 0.04

export async function fill(
  dataDir: string,
  customers: number,
): Promise<{ rows: Rows; connection: ConnectionOptions }> {
  const connection = await findRunningPostgres({ dataDir, pgBin: process.env['FRONTDESK_PG_BIN'] })
  if (!connection) throw new Error(`No PostgreSQL runs on ${dataDir}`)
  const client = new pg.Client(clientOptions(connection))
  await client.connect()
  const tickets = customers * 5
  await fillManyRows(client, { customers, tickets })
  const open = { first: Math.ceil(tickets * (1 - openShare)), last: tickets }
  await client.query(
    `update tickets set status = 'IN_PROGRESS', processed_by = (select min(id) from users where role = 'operator'),
       resolution_comment = null, closed_at = null, archived_at = null, archived_with_customer = false
     where id between $1 and $2`,
    [open.first, open.last],
  )
  await client.query('vacuum (analyze) tickets')
  await client.query('checkpoint')
  const { rows } = await client.query<{ first: number; last: number }>(
    `select min(id) as first, max(id) as last from users where role = 'operator'`,
  )
  await client.end()
  const [operators] = rows
  if (!operators) throw new Error('There are no operators')
  return { rows: { customers, open, operators }, connection }
}
