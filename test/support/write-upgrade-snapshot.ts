// npm run snapshot: keeps what this version leaves in a database, for every later version to be tested with. Run once, at its
// release; the story stays the same from version to version, and grows with the product.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../server/config.ts'
import { customers } from '../../server/customers/index.ts'
import { startEmbeddedPostgres } from '../../server/db/embedded/index.ts'
import { openPool } from '../../server/db/database.ts'
import { prepareDatabase } from '../../server/desk.ts'
import { createAdmin } from '../../server/auth/index.ts'
import type { Context } from '../../server/context.ts'
import { frontdeskVersion } from '../../server/version.ts'
import { givenIn } from './given.ts'
import { silentLog } from './silent-log.ts'
import { snapshotOf, snapshots } from './upgrade-snapshot.ts'
import { keptMails } from './kept-mails.ts'
import { openStores } from './stores.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'frontdesk-snapshot-'))
const postgres = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' }, log: silentLog })
try {
  const { rights } = await prepareDatabase({ connection: postgres.connection, trusts: true }, silentLog)
  const pool = openPool(postgres.connection, silentLog, rights)
  const { stores, close } = await openStores()
  const ctx = {
    config: readConfig({}),
    db: pool,
    ...stores,
    mailer: keptMails(),
    log: silentLog,
    clock: Date.now,
  }
  await tellStory(ctx)
  await pool.end()
  await close()
  await mkdir(snapshots, { recursive: true })
  await writeFile(join(snapshots, `${frontdeskVersion}.sql`), await snapshotOf(postgres.connection))
} finally {
  await postgres.stop()
  await rm(dataDir, { recursive: true, force: true })
}

async function tellStory(ctx: Context) {
  const given = givenIn(ctx)
  await createAdmin(ctx, 'admin', 'winter-is-coming-soon')
  const { id } = await given.customer({
    last_name: 'Stark',
    phone: '+442083661177',
    email: 'Ed@Winterfell.example',
    company: `Stark's "Sons" & Co \\ 雪`,
  })
  await given.request({ customer_id: id, subject: 'Winter', body: 'Winter is coming\nand it is cold' })
  await given.request({ customer_id: id, status: 'IN_PROGRESS', body: 'Dragons' })
  await given.request({ customer_id: id, status: 'COMPLETED', body: 'A coat' })
  await given.request({ customer_id: id, status: 'REJECTED', archived: true, body: 'Summer' })
  const gone = await given.customer({ last_name: 'Lannister' })
  await given.request({ customer_id: gone.id, body: 'Gold' })
  await customers.archive(
    ctx,
    { user_id: null, credential: null, scopes: null, role: 'admin', request_id: 'story' },
    gone.id,
  )
}
