// Turns the slices of a run into one table, for people and for later comparison.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Options } from './options.ts'

export type VariantName = 'frontdesk' | 'before' | 'node:http' | 'pgbench'

/** One variant of one scenario in one round. */
export interface Slice {
  readonly scenario: string
  readonly title: string
  readonly variant: VariantName
  readonly round: number
  readonly perSecond: number
  readonly latencies: readonly number[]
  /** Of the process that answers. */
  readonly cpuMicroseconds: number | undefined
}

export interface Row {
  readonly scenario: string
  readonly title: string
  readonly variant: VariantName
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly cpuMicroseconds: number | undefined
  /** Medians of Frontdesk's requests per second divided by this variant's in the same round. */
  readonly frontdeskToThis: number | undefined
}

export interface Report {
  readonly date: string
  readonly machine: string
  readonly options: Options
  readonly rows: readonly Row[]
  readonly startMilliseconds: { readonly first: number; readonly again: number } | undefined
  readonly peakMegabytes: number | undefined
  readonly notes: readonly string[]
}

export function summarise(slices: readonly Slice[]): Row[] {
  const keys = [...new Set(slices.map((slice) => `${slice.scenario} ${slice.variant}`))]
  return keys.map((key) => {
    const own = slices.filter((slice) => `${slice.scenario} ${slice.variant}` === key)
    const [{ scenario, title, variant }] = own as [Slice]
    const latencies = own.flatMap((slice) => slice.latencies).sort((a, b) => a - b)
    const ratios = own.flatMap((slice) => {
      const frontdesk = slices.find(
        (other) =>
          other.scenario === scenario && other.round === slice.round && other.variant === 'frontdesk',
      )
      return frontdesk && variant !== 'frontdesk' ? [frontdesk.perSecond / slice.perSecond] : []
    })
    const cpu = own.flatMap((slice) => slice.cpuMicroseconds ?? [])
    return {
      scenario,
      title,
      variant,
      perSecond: median(own.map((slice) => slice.perSecond)),
      p50: latencies[Math.floor(latencies.length * 0.5)] ?? Number.NaN,
      p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
      cpuMicroseconds: cpu.length > 0 ? median(cpu) : undefined,
      frontdeskToThis: ratios.length > 0 ? median(ratios) : undefined,
    }
  })
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const above = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? above : ((sorted[middle - 1] ?? Number.NaN) + above) / 2
}

export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown'
  return `${cpus().length} cores (${model}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}, ${process.platform}`
}

export function toMarkdown({
  date,
  machine,
  options,
  rows,
  startMilliseconds,
  peakMegabytes,
  notes,
}: Report): string {
  const table = rows.map((row) => {
    const ratio = row.frontdeskToThis === undefined ? '' : row.frontdeskToThis.toFixed(2)
    const cpu = row.cpuMicroseconds === undefined ? '' : row.cpuMicroseconds.toFixed(0)
    return `| ${row.title} | ${row.variant} | ${row.perSecond.toFixed(0)} | ${ratio} | ${row.p50.toFixed(2)} | ${row.p99.toFixed(2)} | ${cpu} |`
  })
  return [
    `# Measured on ${date}`,
    '',
    `${machine}. ${options.customers} customers, ${options.customers * 5} requests, ${options.connections} connections`,
    `(pgbench: 8, as many as Frontdesk has to PostgreSQL), ${options.rounds} rounds of ${options.seconds} s in shuffled order.`,
    '"Frontdesk / this" is the median of same-round ratios of requests per second.',
    '',
    '| call | variant | requests/s | Frontdesk / this | p50 ms | p99 ms | CPU us per request |',
    '|---|---|--:|--:|--:|--:|--:|',
    ...table,
    '',
    ...(startMilliseconds
      ? [
          `First start on an empty DATA_DIR to the first answer: ${startMilliseconds.first.toFixed(0)} ms; a later start: ${startMilliseconds.again.toFixed(0)} ms.`,
        ]
      : []),
    ...(peakMegabytes === undefined
      ? []
      : [`Peak memory of the server process (without PostgreSQL): ${peakMegabytes.toFixed(0)} MB.`]),
    ...notes.map((note) => `\n${note}`),
    '',
  ].join('\n')
}

/** Answers where the files are. */
export function save(report: Report): string {
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${report.date}-${report.options.name}`)
  writeFileSync(`${file}.md`, toMarkdown(report))
  writeFileSync(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`)
  return `${file}.md`
}
