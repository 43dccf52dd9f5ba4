// npm run bench: Frontdesk against a bare node:http server that answers the same bytes, and against pgbench with the same SQL,
// all in one interleaved run, so that what else the machine does falls on all of them alike.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findPgbench, pgbench } from './pgbench.ts'
import { cpuSeconds, peakMegabytes } from './process-stats.ts'
import { fill } from './fill.ts'
import { load, type Outcome } from './load.ts'
import { help, type Options, readOptions } from './options.ts'
import { signIn, startProduct } from './product.ts'
import { machine, save, type Slice, summarise, toMarkdown, type VariantName } from './report.ts'
import { type Sample, sampleOf, type Scenario, scenariosFor, toHttp } from './scenarios.ts'
import { measureStarts } from './starts.ts'

interface Variant {
  readonly name: VariantName
  run(scenario: Scenario, seconds: number): Promise<Outcome>
  /** Whose CPU time counts. */
  readonly pid: number | undefined
}

const options = readOptions(process.argv.slice(2))
if (options) await bench(options)
else console.log(help)

async function bench(options: Options) {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-bench-'))
  const notes = [
    `Load average when it began: ${loadavg()[0]?.toFixed(1)}. Above 0.5, others had a share of the machine.`,
  ]
  const closing: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    const wanted = (name: string) => options.only.length === 0 || options.only.includes(name)
    const startMilliseconds = wanted('start') ? await measureStarts(folder) : undefined

    const product = await startProduct(folder)
    closing.push(() => product.stop())
    console.log(`filling ${options.customers} customers and ${options.customers * 5} requests`)
    const { rows, connection } = await fill(join(folder, 'data'), options.customers)
    const token = await signIn(product.port)
    const scenarios = (await scenariosFor(rows)).filter((scenario) => wanted(scenario.name))
    const samples = new Map<string, Sample>()
    for (const scenario of scenarios)
      samples.set(scenario.name, await sampleOf(scenario, product.port, token))

    const before =
      options.against === undefined ? undefined : await startBefore(options.against, options.customers)
    if (before) {
      closing.push(() => before.stop())
      notes.push('`before` is another checkout of Frontdesk, on a database of its own with the same rows.')
    }

    const bare = await startBare()
    closing.push(() => bare.stop())
    const program = findPgbench()
    if (program === undefined)
      notes.push('There is no pgbench on this machine (Debian: postgresql-contrib), so it is left out.')
    const { connections } = options
    let slice = 0
    const variants: Variant[] = [
      {
        name: 'frontdesk',
        pid: product.pid,
        run: ({ next, status }, seconds) =>
          load({ port: product.port, connections, seconds, status, next: () => toHttp(next(), token) }),
      },
      ...(before === undefined
        ? []
        : [
            {
              name: 'before',
              pid: before.pid,
              run: ({ next, status }: Scenario, seconds: number) =>
                load({
                  port: before.port,
                  connections,
                  seconds,
                  status,
                  next: () => toHttp(next(), before.token),
                }),
            } as const,
          ]),
      {
        name: 'node:http',
        pid: bare.pid,
        run: async ({ name, next, status }, seconds) => {
          await bare.answer(samples.get(name))
          return load({ port: bare.port, connections, seconds, status, next: () => toHttp(next(), token) })
        },
      },
      ...(program === undefined
        ? []
        : [
            {
              name: 'pgbench',
              pid: undefined,
              run: ({ sql }: Scenario, seconds: number) =>
                pgbench(sql as NonNullable<typeof sql>, {
                  program,
                  connection,
                  folder,
                  seconds,
                  slice: (slice += 1),
                }),
            } as const,
          ]),
    ]
    const slices = await measure(scenarios, variants, options)
    const report = {
      date: new Date().toISOString().slice(0, 10),
      machine: machine(),
      // Where the other checkout lies is nobody's business.
      options: { ...options, against: undefined },
      rows: summarise(slices),
      startMilliseconds,
      peakMegabytes: peakMegabytes(product.pid),
      notes,
    }
    console.log(`\n${toMarkdown(report)}\nwritten to ${save(report)}`)
  } finally {
    for (const close of closing.reverse()) await close()
  }
}

async function startBefore(checkout: string, customers: number) {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-bench-before-'))
  const product = await startProduct(folder, checkout)
  // By its own filler: the tables of today may have columns that it does not know.
  const own = (await import(pathToFileURL(join(checkout, 'bench/fill.ts')).href)) as { fill: typeof fill }
  await own.fill(join(folder, 'data'), customers)
  return {
    ...product,
    token: await signIn(product.port),
    stop: async () => {
      await product.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function measure(
  scenarios: readonly Scenario[],
  variants: readonly Variant[],
  { rounds, seconds }: Options,
): Promise<Slice[]> {
  const pairs = scenarios.flatMap((scenario) =>
    variants
      .filter(({ name }) => name !== 'pgbench' || scenario.sql !== undefined)
      .map((variant) => ({ scenario, variant })),
  )
  // Once without counting: for compilers, plans and caches to come to rest.
  for (const { scenario, variant } of pairs) await variant.run(scenario, seconds)
  const slices: Slice[] = []
  for (let round = 1; round <= rounds; round += 1) {
    console.log(`round ${round} of ${rounds}`)
    for (const { scenario, variant } of shuffled(pairs)) {
      const before = variant.pid === undefined ? undefined : cpuSeconds(variant.pid)
      const { perSecond, calls, latencies } = await variant.run(scenario, seconds)
      const after = variant.pid === undefined ? undefined : cpuSeconds(variant.pid)
      const cpuMicroseconds =
        before === undefined || after === undefined ? undefined : ((after - before) * 1e6) / calls
      const { name, title } = scenario
      slices.push({
        scenario: name,
        title,
        variant: variant.name,
        round,
        perSecond,
        latencies,
        cpuMicroseconds,
      })
    }
  }
  // In the table, what belongs together stands together.
  return pairs.flatMap(({ scenario, variant }) =>
    slices.filter((slice) => slice.scenario === scenario.name && slice.variant === variant.name),
  )
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

async function startBare() {
  const child = fork(join(import.meta.dirname, 'bare-server.ts'))
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return {
    port,
    pid: child.pid ?? 0,
    answer: async (sample: Sample | undefined) => {
      const taken = once(child, 'message')
      child.send(sample ?? {})
      await taken
    },
    stop: () => child.disconnect(),
  }
}
