// What PostgreSQL does for a statement: which indexes it reads, and how many of its pages it touches.
import pg from 'pg'

export interface Sent {
  readonly name?: string
  readonly text: string
  readonly values?: readonly unknown[]
}

/** What no call waits for, and what is sent at any moment: the heartbeat of the listening line, and that there is news. */
const sentByTheWay = /^select 1$|\bpg_notify\b/

/** Runs `work` and answers the statements that this process sent meanwhile, as it sent them, without those sent by the way. */
export async function sentDuring(work: () => Promise<unknown>): Promise<Sent[]> {
  const sent: Sent[] = []
  const prototype: { query: (...given: unknown[]) => unknown } = pg.Client.prototype
  const { query } = prototype
  prototype.query = function (this: unknown, ...given) {
    const [first] = given
    if (isStatement(first) && !sentByTheWay.test(first.text)) sent.push(first)
    return query.apply(this, given)
  }
  try {
    await work()
  } finally {
    prototype.query = query
  }
  return sent
}

const isStatement = (given: unknown): given is Sent =>
  typeof given === 'object' && given !== null && 'text' in given && typeof given.text === 'string'

export interface Plan {
  /** The indexes that were read, in alphabetical order. */
  readonly indexes: readonly string[]
  /** The tables that were read from one end to the other. */
  readonly scanned: readonly string[]
  /** Pages looked at, whether they were in memory or not. */
  readonly pages: number
  readonly milliseconds: number
  /** For people. */
  readonly text: string
}

/**
 * Plans and runs a statement, and undoes what it did. `first`: planned for its values, as the first five times;
 * `generic`: planned once for any values, as PostgreSQL may do for a named statement from then on.
 */
export async function explain(
  client: pg.Client,
  { text, values = [] }: Sent,
  planned: 'first' | 'generic',
): Promise<Plan> {
  const options = 'analyze, buffers, format json'
  await client.query('begin')
  try {
    if (planned === 'first') return readPlan(await client.query(`explain (${options}) ${text}`, [...values]))
    await client.query(`set local plan_cache_mode = force_generic_plan; prepare generic as ${text}`)
    const given = values.length > 0 ? `(${values.map(literal).join(', ')})` : ''
    return readPlan(await client.query(`explain (${options}) execute generic${given}`))
  } finally {
    await client.query('rollback; deallocate all')
  }
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map((one) => JSON.stringify(one)).join(',')}}`)
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'`
  return pg.escapeLiteral(typeof value === 'string' ? value : JSON.stringify(value))
}

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Shared Hit Blocks': number
  readonly 'Shared Read Blocks': number
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly Filter?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Node[]
}

function readPlan(result: { rows: unknown[] }): Plan {
  const [row] = result.rows as { 'QUERY PLAN': readonly [{ Plan: Node; 'Execution Time': number }] }[]
  const explained = row?.['QUERY PLAN'][0]
  if (!explained) throw new Error('PostgreSQL explained nothing')
  const nodes = [...nodesOf(explained.Plan)]
  const distinct = (names: (string | undefined)[]) =>
    [...new Set(names.filter((name) => name !== undefined))].sort()
  return {
    // A branch that was never run read nothing.
    indexes: distinct(nodes.filter((node) => node['Actual Loops'] > 0).map((node) => node['Index Name'])),
    scanned: distinct(
      nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']),
    ),
    pages: explained.Plan['Shared Hit Blocks'] + explained.Plan['Shared Read Blocks'],
    milliseconds: explained['Execution Time'],
    text: outline(explained.Plan),
  }
}

function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const child of node.Plans ?? []) yield* nodesOf(child)
}

function outline(node: Node, depth = 0): string {
  const name = [node['Node Type'], node['Relation Name'], node['Index Name']].filter(Boolean).join(' ')
  const pages = node['Shared Hit Blocks'] + node['Shared Read Blocks']
  const facts = [
    `${node['Actual Rows']} rows x ${node['Actual Loops']}`,
    `${pages} pages`,
    node['Index Cond'],
    node['Filter'] && `filter ${node['Filter']}`,
  ]
  const line = `${'  '.repeat(depth)}${name}: ${facts.filter(Boolean).join(', ')}`
  return [line, ...(node.Plans ?? []).map((child) => outline(child, depth + 1))].join('\n')
}
