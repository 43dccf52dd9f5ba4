// node bench/overload.ts: a thousand clients at once, with and without a limit on requests in progress. Each variant is a Frontdesk
// of its own; they are measured in turn, so that what else the machine does falls on all of them alike.
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fill } from './fill.ts'
import { load, type Outcome } from './load.ts'
import { type Product, signIn, startProduct } from './product.ts'
import { machine, median } from './report.ts'
import { scenariosFor, toHttp } from './scenarios.ts'

const { values: options } = parseArgs({
  options: {
    connections: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    rows: { type: 'string', default: '20000' },
    /** Limits to compare; the last is none. */
    limits: { type: 'string', default: '64,256,1024,100000' },
    only: { type: 'string', default: 'get,list' },
  },
})

/** Clients who ask again at once, and clients who do as Retry-After says, a little later each. */
const clients = {
  hasty: () => 0,
  patient: () => 1_000 + 500 * Math.random(),
} as const

interface Variant extends Product {
  readonly limit: string
  readonly token: string
}

const folder = await mkdtemp(join(tmpdir(), 'frontdesk-overload-'))
const variants: Variant[] = []
try {
  console.log(`Load average when it began: ${loadavg()[0]?.toFixed(1)}`)
  await overload()
} finally {
  await Promise.all(variants.map((variant) => variant.stop()))
  await rm(folder, { recursive: true, force: true })
}

async function overload() {
  const customers = Number(options.rows)
  let rows
  for (const limit of options.limits.split(',')) {
    const own = await mkdtemp(join(folder, 'limit-'))
    const product = await startProduct(own, undefined, { REQUESTS_AT_ONCE: limit })
    variants.push({ ...product, limit, token: await signIn(product.port) })
    const filled = await fill(join(own, 'data'), customers)
    rows = filled.rows
  }
  if (!rows) throw new Error('There is no limit to measure')
  const wanted = options.only.split(',')
  const scenarios = (await scenariosFor(rows)).filter(({ name }) => wanted.includes(name))
  const runs = scenarios.flatMap((scenario) =>
    variants.flatMap((variant) =>
      (['hasty', 'patient'] as const).map((client) => ({
        scenario,
        variant,
        client,
        outcomes: [] as Outcome[],
      })),
    ),
  )
  for (let round = 0; round <= Number(options.rounds); round += 1) {
    for (const { scenario, variant, client, outcomes } of runs) {
      const outcome = await load({
        port: variant.port,
        connections: Number(options.connections),
        seconds: Number(options.seconds),
        status: scenario.status,
        refusal: { status: 503, wait: clients[client] },
        next: () => toHttp(scenario.next(), variant.token),
      })
      // The first round is for compilers, plans and caches to come to rest.
      if (round > 0) outcomes.push(outcome)
    }
  }
  const table = runs.map(({ scenario, variant, client, outcomes }) => {
    const of = (number: (outcome: Outcome) => number) => median(outcomes.map(number))
    const seconds = (outcome: Outcome) => outcome.calls / outcome.perSecond
    const cells = [
      of(({ perSecond }) => perSecond).toFixed(0),
      of((outcome) => (outcome.refused ?? 0) / seconds(outcome)).toFixed(0),
      of(({ latencies }) => percentile(latencies, 0.5)).toFixed(1),
      of(({ latencies }) => percentile(latencies, 0.99)).toFixed(1),
    ]
    return `| ${scenario.title} | ${variant.limit} | ${client} | ${cells.join(' | ')} |`
  })
  const report = [
    `${machine()}. ${options.connections} connections, ${options.rounds} rounds of ${options.seconds} s, medians.`,
    'A hasty client asks again at once when it is refused, a patient one after what Retry-After says.',
    '',
    '| call | requests at once | clients | answers/s | refusals/s | p50 ms of answers | p99 ms |',
    '|---|--:|---|--:|--:|--:|--:|',
    ...table,
    '',
  ].join('\n')
  const results = join(import.meta.dirname, 'results')
  mkdirSync(results, { recursive: true })
  const file = join(results, `${new Date().toISOString().slice(0, 10)}-overload.md`)
  writeFileSync(file, `# Overload\n\n${report}`)
  console.log(`\n${report}\nwritten to ${file}`)
}

function percentile(latencies: readonly number[], share: number): number {
  const sorted = [...latencies].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
