// A desk with many rows, whose statements can be watched.
import pg from 'pg'
import { afterAll } from 'vitest'
import { clientOptions } from '../../server/db/database.ts'
import type { Place } from '../../server/db/list.ts'
import { pagesOf } from '../../server/http/pages.ts'
import { openTestDesk, secretKey, type TestDesk } from './desk.ts'
import { fillManyRows } from './many-rows.ts'

export interface ManyRowsDesk extends TestDesk {
  /** For looking at plans, and for changing what PostgreSQL has to choose from. */
  readonly client: pg.Client
}

const tickets = 500_000

export async function openManyRowsDesk(): Promise<ManyRowsDesk> {
  const desk = await openTestDesk()
  const client = new pg.Client(clientOptions(desk.database.connection))
  await client.connect()
  await fillManyRows(client, { customers: 100_000, tickets })
  // What autovacuum finds while the tests run would tip the scales between two indexes that cost the same.
  for (const table of ['customers', 'tickets', 'posts', 'audit_events', 'users'])
    await client.query(`alter table ${table} set (autovacuum_enabled = off)`)
  // Every row is looked at: what a sample of them tells differs from run to run, and where two indexes are as good, so does the plan.
  await client.query(
    `set default_statistics_target = ${Math.ceil(tickets / 300)}; analyze customers, tickets`,
  )
  // These rows have no past in the audit log, and openTestDesk looks for one in the end.
  afterAll(async () => {
    await client.query(`
      alter table audit_events disable trigger user; alter table audit_chain disable trigger user;
      truncate users, tokens, customers, tickets, posts, audit_events, audit_chain, outbox cascade`)
    await client.end()
  })
  return { ...desk, client }
}

/** The cursor of a page in the middle of a list, as the page before it would have given. */
export function cursorAt(
  url: string,
  query: Readonly<Record<string, string>>,
  place: Omit<Place, 'direction'>,
): string {
  const pages = pagesOf(secretKey, 'http://desk.test')
  const page = {
    rows: [],
    count: 0,
    counted_up_to_cap: false,
    next: { ...place, direction: 'after' as const },
    previous: undefined,
  }
  const { next } = pages.envelope({ url, query }, page)
  return new URL(String(next)).searchParams.get('cursor') ?? ''
}
