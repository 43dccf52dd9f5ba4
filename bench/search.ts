// node bench/search.ts: what a search costs on a million posts, by how frequent the word is; and what the kept words cost those who
// write, and the migration that makes them.
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { clientOptions } from '../server/db/database.ts'
import { searching } from '../server/search/search-repository.ts'
import { explain, type Plan } from '../test/support/query-plans.ts'
import { fill } from './fill.ts'
import { signIn, startProduct } from './product.ts'
import { machine, median } from './report.ts'

const { values: options } = parseArgs({
  options: {
    /** There are five tickets for each, with two posts each. */
    customers: { type: 'string', default: '100000' },
    calls: { type: 'string', default: '15' },
  },
})

const words = ['xyzzy', 'zeppelin', 'voucher', 'printer', 'pri', 'printer zeppelin', 'the winter']

const folder = await mkdtemp(join(tmpdir(), 'frontdesk-search-'))
const product = await startProduct(folder)
try {
  const { connection } = await fill(join(folder, 'data'), Number(options.customers))
  const client = new pg.Client(clientOptions(connection))
  await client.connect()
  await client.query('set statement_timeout = 0')
  await client.query(
    `insert into posts (ticket_id, number, message) select ticket_id, 2, message from posts where number = 1 order by ticket_id`,
  )
  await client.query(
    `update customers set user_id = (select id from users where username = 'account-777') where id = 777`,
  )
  await client.query('vacuum (analyze) posts, customers')
  console.log(`${machine()}; load average ${loadavg()[0]?.toFixed(1)}\n`)

  const authorization = `Bearer ${await signIn(product.port)}`
  const call = async (q: string) => {
    const began = performance.now()
    const answer = await fetch(`http://127.0.0.1:${product.port}/api/v1/search?q=${encodeURIComponent(q)}`, {
      headers: { authorization },
    })
    const { count, count_capped } = (await answer.json()) as { count: number; count_capped?: true }
    return { milliseconds: performance.now() - began, count: `${count}${count_capped ? '+' : ''}` }
  }
  console.log('| sought by the staff | hits | answer, ms | statement, ms | pages |\n|---|--:|--:|--:|--:|')
  const plans = new Map<string, Plan>()
  for (const q of words) {
    const calls = []
    for (let n = 0; n < Number(options.calls); n += 1) calls.push(await call(q))
    const plan = await planOf(client, { q, own: null })
    plans.set(q, plan)
    const took = median(calls.map(({ milliseconds }) => milliseconds)).toFixed(1)
    console.log(`| ${q} | ${calls[0]?.count} | ${took} | ${plan.milliseconds.toFixed(1)} | ${plan.pages} |`)
  }
  const { rows } = await client.query<{ id: number }>(`select id from users where username = 'account-777'`)
  const own = await planOf(client, { q: 'printer', own: rows[0]?.id ?? 0 })
  console.log(`| printer, by a customer | | | ${own.milliseconds.toFixed(1)} | ${own.pages} |`)

  await costOfWriting(client)
  for (const q of ['zeppelin', 'printer']) console.log(`\n${q}:\n\n${plans.get(q)?.text}`)
  console.log(`\nprinter, by a customer:\n\n${own.text}`)
  await client.end()
} finally {
  await product.stop()
  await rm(folder, { recursive: true, force: true })
}

/** As it is planned for any values. */
async function planOf(client: pg.Client, { q, own }: { q: string; own: number | null }): Promise<Plan> {
  const types = own === null ? (['ticket', 'post', 'customer'] as const) : (['ticket', 'post'] as const)
  const plans: Plan[] = []
  const query = async ({ text, values }: { text: string; values?: readonly unknown[] }) => {
    for (let n = 0; n < 3; n += 1)
      plans.push(await explain(client, { text, values: values ?? [] }, 'generic'))
    return { rows: [] }
  }
  await searching(own === null ? 'all' : 'own', types).all({ query }, { q, ticket_id: null, own, limit: 20 })
  return plans.sort((a, b) => a.milliseconds - b.milliseconds)[1] as Plan
}

/** Of posts as they were before, and of posts with their words: what one more costs, what room they take, and how long it is made. */
async function costOfWriting(client: pg.Client) {
  await client.query(`
    create table posts_before as select id, ticket_id, number, subject, message, deleted_at from posts;
    create index posts_before_thread on posts_before (ticket_id, id)`)
  const insert = async (length: number) => {
    const began = performance.now()
    await client.query(`
      do $$ declare said text; begin
        for said in select left(repeat(message || ' ', 20), ${length}) from posts where id <= 2000 loop
          insert into posts_before (id, ticket_id, number, message) values (0, 0, 2, said);
        end loop;
      end $$`)
    return ((performance.now() - began) / 2000) * 1000
  }
  const before = { short: await insert(100), long: await insert(1000) }
  const size = async () =>
    (await client.query<{ mb: number }>(`select (pg_table_size('posts_before') / 1e6)::integer as mb`))
      .rows[0]?.mb
  const room = await size()
  const began = performance.now()
  await client.query(
    `alter table posts_before add search_words tsvector generated always as (search_words(subject, message)) stored`,
  )
  const added = performance.now()
  await client.query(`
    create index on posts_before using gin (search_words) where number = 1;
    create index on posts_before using gin (search_words) where number > 1 and deleted_at is null`)
  const indexed = performance.now()
  const after = { short: await insert(100), long: await insert(1000) }
  const shown = (ms: number) => `${(ms / 1000).toFixed(0)} s`
  console.log(`
| a million posts | before | with their words |
|---|--:|--:|
| one more of 100 characters, µs | ${before.short.toFixed(0)} | ${after.short.toFixed(0)} |
| one more of 1,000 characters, µs | ${before.long.toFixed(0)} | ${after.long.toFixed(0)} |
| room, MB | ${room} | ${await size()} |
| migration: column, indexes | | ${shown(added - began)}, ${shown(indexed - added)} |`)
}
