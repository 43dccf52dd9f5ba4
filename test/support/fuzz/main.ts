// npm run fuzz -- --requests 1000000 [--seed n]: the fuzzer of the tests for as long as one likes, on a desk and a PostgreSQL of its
// own. Ends with 1 when it has found something, or when an invariant of the data is broken.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pino from 'pino'
import { buildApp } from '../../../server/app.ts'
import { readConfig } from '../../../server/config.ts'
import type { Context } from '../../../server/context.ts'
import { openPool, ownersRights } from '../../../server/db/database.ts'
import { startEmbeddedPostgres } from '../../../server/db/embedded/index.ts'
import { listen } from '../../../server/db/listen.ts'
import { prepareDatabase } from '../../../server/desk.ts'
import { newRegistry } from '../../../server/metrics/registry.ts'
import { givenIn } from '../given.ts'
import { invariants } from '../invariants.ts'
import { givenCallers } from './given-callers.ts'
import { fuzz, type FuzzReport } from './run.ts'
import { keptMails } from '../kept-mails.ts'
import { openStores } from '../stores.ts'

const { values } = parseArgs({ options: { requests: { type: 'string' }, seed: { type: 'string' } } })
const requests = Number(values.requests ?? 100_000)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
if (!(requests > 0) || !Number.isSafeInteger(seed)) throw new Error('--requests and --seed are whole numbers')

// What the desk itself calls an error is told, so that a 500 shows its stack.
const log = pino({ level: 'error' })
const dataDir = await mkdtemp(join(tmpdir(), 'frontdesk-fuzz-'))
const postgres = await startEmbeddedPostgres({
  dataDir,
  settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  log,
})
try {
  console.log(`${requests} requests from seed ${seed}`)
  const report = await onDesk((url, ctx) => run(url, ctx))
  for (const finding of report.findings) console.log(`\n${finding}`)
  console.log(`\n${report.findings.length} findings`)
  process.exitCode = report.findings.length === 0 ? 0 : 1
} finally {
  await postgres.stop()
  await rm(dataDir, { recursive: true, force: true })
}

async function onDesk(work: (url: string, ctx: Context) => Promise<FuzzReport>): Promise<FuzzReport> {
  const { rights } = await prepareDatabase({ connection: postgres.connection, trusts: true }, log)
  const pool = openPool(postgres.connection, log, rights)
  const owners = openPool(postgres.connection, log, ownersRights, 1)
  const config = readConfig({ RATE_LIMIT: 'off', PUBLIC_URL: 'http://127.0.0.1:8000' })
  const { stores, close: closeStores } = await openStores()
  const ctx: Context = { config, db: pool, ...stores, mailer: keptMails(), log, clock: Date.now }
  const { api, listeners } = await buildApp(
    ctx,
    'a secret key for fuzzing, made up on the spot',
    newRegistry(),
  )
  const hearing = await listen(postgres.connection, listeners, log)
  try {
    const report = await work(await api.listen({ host: '127.0.0.1', port: 0 }), ctx)
    for (const [rule, text] of Object.entries(invariants)) {
      const { rows } = await owners.query({ text })
      if (rows.length > 0)
        report.findings.push(`The data is broken (${rule}): ${JSON.stringify(rows.slice(0, 5))}`)
    }
    return report
  } finally {
    await api.close()
    await hearing.stop()
    await pool.end()
    await closeStores()
    await owners.end()
  }
}

async function run(url: string, ctx: Context): Promise<FuzzReport> {
  const began = Date.now()
  let told = began
  const report = await fuzz({
    url,
    requests,
    seed,
    newCaller: await givenCallers(givenIn(ctx), ctx.db),
    onProgress: ({ sent, trouble, lost }) => {
      if (Date.now() - told < 5_000 && sent < requests) return
      told = Date.now()
      const perSecond = Math.round((sent / (told - began)) * 1_000)
      console.log(`${sent} sent, ${perSecond} a second, ${trouble} sorts of trouble, ${lost} replies cut off`)
    },
  })
  for (const [name, statuses] of [...report.answers].sort()) {
    const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
    console.log(`${name}  ${counts.join('  ')}`)
  }
  return report
}
