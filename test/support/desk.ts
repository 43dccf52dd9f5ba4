// A desk under test: the real app on a real port and a database of its own, and callers who speak to it as clients do.
import type { Pool } from 'pg'
import { afterAll, expect } from 'vitest'
import { type Config, readConfig } from '../../server/config.ts'
import { buildApp } from '../../server/app.ts'
import type { Context } from '../../server/context.ts'
import { tasksOf } from '../../server/desk.ts'
import { openPool, ownersRights, poolSize } from '../../server/db/database.ts'
import { listen } from '../../server/db/listen.ts'
import type { Files } from '../../server/files/files.ts'
import type { Log } from '../../server/log.ts'
import { measurePool } from '../../server/metrics/database-metrics.ts'
import { newRegistry } from '../../server/metrics/registry.ts'
import type { Mail } from '../../server/mail/mail.ts'
import { type Caller, callerOf } from './caller.ts'
import { cloneDatabase, type TestDatabase } from './database.ts'
import { type Given, givenIn } from './given.ts'
import { invariants } from './invariants.ts'
import { filesOutOfPlace } from './photos.ts'
import { keptMails, mailsAfterJobs } from './kept-mails.ts'
import { silentLog } from './silent-log.ts'
import { openStores } from './stores.ts'

export const secretKey = 'a secret key for tests, long enough to sign with'

export interface TestDesk {
  /** Where it listens, such as http://127.0.0.1:43210. */
  readonly url: string
  readonly ctx: Context
  /** For looking at the database over one connection, and for doing to it what the application may not. */
  readonly pool: Pool
  readonly database: TestDatabase
  readonly given: Given
  /** Speaks as somebody: `as(operator)(createCustomer, { body })`. */
  as(who: { readonly token: string }): Caller
  readonly anonymous: Caller
  /** Does the jobs that are due, and answers the mails that came of it. */
  mails(): Promise<Mail[]>
  /** Moves the desk's clock. */
  advance(milliseconds: number): void
  /** Rows of the desk's database, for looking behind the API. */
  rows<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>
}

interface DeskOptions extends Partial<Config> {
  /** A second instance on the same database and the same files. */
  readonly beside?: TestDesk
  /** In place of a folder of its own. */
  readonly files?: Files
  /** In place of one that says nothing. */
  readonly log?: Log
  /** In place of one that is free. */
  readonly port?: number
}

/** Opens a desk for this test file; it is closed after the file's last test. */
export async function openTestDesk({
  beside,
  files = beside?.ctx.files,
  log = silentLog,
  port = 0,
  ...overrides
}: DeskOptions = {}): Promise<TestDesk> {
  const database = beside?.database ?? (await cloneDatabase())
  const config: Config = {
    ...readConfig({ RATE_LIMIT: 'off', PUBLIC_URL: 'http://desk.test', LOG_LEVEL: 'silent' }),
    ...overrides,
  }
  let moved = 0
  const pool = openPool(database.connection, silentLog, database.rights, poolSize, config.requestsAtOnce / 2)
  const ownersPool = openPool(database.connection, silentLog, ownersRights, 2)
  const mailer = keptMails()
  const { stores, close: closeStores } = await openStores()
  const ctx: Context = {
    config,
    db: pool,
    ...stores,
    ...(files ? { files } : {}),
    mailer,
    log,
    clock: () => Date.now() + moved,
  }
  const registry = newRegistry()
  measurePool(pool, registry)
  const { api, listeners } = await buildApp(ctx, secretKey, registry)
  const hearing = await listen(database.connection, listeners, silentLog)
  const url = await api.listen({ host: '127.0.0.1', port })

  afterAll(async () => {
    if (!beside) await expectInvariants(ownersPool)
    if (!beside) expect(await filesOutOfPlace({ ...ctx, db: ownersPool })).toEqual([])
    await api.close()
    await hearing.stop()
    await pool.end()
    await ownersPool.end()
    await closeStores()
    if (!beside) await database.drop()
  })

  return {
    url,
    ctx,
    pool: ownersPool,
    database,
    given: givenIn(ctx),
    as: ({ token }) => callerOf(url, { authorization: `Bearer ${token}` }),
    anonymous: callerOf(url, {}),
    mails: () => mailsAfterJobs(tasksOf(ctx, secretKey), ownersPool, mailer),
    advance: (milliseconds) => void (moved += milliseconds),
    rows: async <Row>(text: string, values: readonly unknown[] = []) =>
      (await ownersPool.query(text, [...values])).rows as readonly Row[],
  }
}

async function expectInvariants(pool: Pool) {
  for (const [rule, text] of Object.entries(invariants)) {
    const { rows } = await pool.query(text)
    expect(rows, rule).toEqual([])
  }
}
