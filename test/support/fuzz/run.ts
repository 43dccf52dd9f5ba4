// Sends what fast-check makes of the contract to a desk, and looks at every reply.
//
// One seed gives the same recipes in the same order. What is not the same: which record, page or token a recipe means, since
// that comes from replies, and which of the requests in flight is answered first.
import fc from 'fast-check'
import { type Endpoint, endpoints as allEndpoints } from '../../../contract/index.ts'
import { Callers, type NewCaller } from './callers.ts'
import { describeFinding, type Finding, sortOf } from './finding.ts'
import { judge } from './judge.ts'
import { type Recipe, recipesFor, written } from './recipe.ts'
import { Records } from './records.ts'
import { header, type Sent } from './sent.ts'
import { Wire } from './wire.ts'

export interface FuzzOptions {
  readonly url: string
  readonly requests: number
  readonly seed: number
  readonly newCaller: NewCaller
  readonly endpoints?: readonly Endpoint[]
  /** Called now and then with how many were sent so far. */
  readonly onProgress?: (report: FuzzReport) => void
}

export interface FuzzReport {
  sent: number
  /** How many sorts of trouble there are so far. */
  trouble: number
  /** Each sort of trouble once, described; no more of them than `mostFindings`. */
  readonly findings: string[]
  /** How often each endpoint answered what, where the request was really for it: statuses by operationId. */
  readonly answers: Map<string, Map<number, number>>
  /** Of the valid requests of admins, and of customers where only they may, how many there were, and how many succeeded: by operationId. */
  readonly valid: Map<string, { sent: number; succeeded: number }>
  /** Replies lost because a connection was closed while a large body was still on its way. */
  lost: number
  renewals: number
}

const atOnce = 16
const batch = 500
const mostFindings = 20
/** What the desk need not read to its end. */
const large = 32 * 1024

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { url, requests, seed, newCaller, endpoints = allEndpoints, onProgress } = options
  const host = new URL(url).host
  const recipes = recipesFor(endpoints)
  const records = new Records()
  const callers = new Callers(newCaller)
  const report: FuzzReport = {
    sent: 0,
    trouble: 0,
    findings: [],
    answers: new Map(),
    valid: new Map(),
    lost: 0,
    renewals: 0,
  }
  const found = new Map<string, Finding>()
  await callers.enter()

  /** Sends one request; answers what is wrong with its reply. */
  async function attempt(wire: Wire, recipe: Recipe): Promise<{ sent: Sent; complaint: string | undefined }> {
    const caller = callers.current(recipe.who)
    const authorization = callers.authorizationOf(recipe.who)
    const sent = written(recipe, { records, host, authorization })
    const reply = await wire.send(sent).catch((error: Error) => error)
    if (reply instanceof Error) {
      wire.close()
      if ((sent.body?.length ?? 0) > large) {
        report.lost += 1
        return { sent, complaint: undefined }
      }
      return { sent, complaint: `no reply: ${reply.message}` }
    }
    const judged = judge(endpoints, { recipe, sent, reply })
    const asCaller = header(sent, 'authorization') === authorization
    // Asked of the database: what they did in their new role may have been to sign themselves out.
    const isOther =
      asCaller &&
      (reply.status === 403 || judged.complaint !== undefined) &&
      ((await caller?.hadAnotherRole()) ?? false)
    if (asCaller && caller && (reply.status === 401 || isOther)) await callers.replace(recipe.who, caller)
    // In the role that lets in everywhere, since theirs may be any by now.
    const { endpoint, complaint } = isOther
      ? judge(endpoints, { recipe: { ...recipe, who: 'admin' }, sent, reply })
      : judged
    if (endpoint && reply.status < 300 && complaint === undefined && !endpoint.config.produces)
      records.learn(endpoint, {
        authorization,
        etag: reply.headers.get('etag'),
        body: reply.text === '' ? null : JSON.parse(reply.text),
      })
    count(report, recipe, reply.status)
    return { sent, complaint }
  }

  async function work(wire: Wire, queue: Iterator<[number, Recipe]>) {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const [index, recipe] = next.value
      const { sent, complaint } = await attempt(wire, recipe)
      report.sent += 1
      if (complaint === undefined) continue
      const sort = sortOf(recipe, complaint)
      // The first of its sort by its place, since replies come in any order.
      if (index < (found.get(sort)?.index ?? Infinity)) found.set(sort, { index, recipe, sent, complaint })
    }
  }

  /** The simplest request that is answered as wrongly, if the desk does it again. */
  async function simplest(finding: Finding): Promise<Finding> {
    const wire = new Wire(url)
    const sort = sortOf(finding.recipe, finding.complaint)
    let best = finding
    const isGood = async (recipe: Recipe) => {
      const { sent, complaint } = await attempt(wire, recipe)
      const isSame = complaint !== undefined && sortOf(recipe, complaint) === sort
      if (isSame) best = { index: finding.index, recipe, sent, complaint }
      return !isSame
    }
    await fc.check(fc.asyncProperty(recipes, isGood), {
      seed: seedOf(seed, finding.index),
      path: `${finding.index % batch}`,
      numRuns: 1,
      interruptAfterTimeLimit: 3_000,
    })
    // A twist may have had no part in it.
    if (best.recipe.twists.length > 0) await isGood({ ...best.recipe, twists: [] })
    wire.close()
    return best
  }

  const wires = Array.from({ length: atOnce }, () => new Wire(url))
  for (let from = 0; from < requests; from += batch) {
    const made = fc.sample(recipes, { seed: seedOf(seed, from), numRuns: Math.min(batch, requests - from) })
    const queue = made.map((recipe, index): [number, Recipe] => [from + index, recipe]).values()
    await Promise.all(wires.map((wire) => work(wire, queue)))
    report.renewals = callers.renewals
    report.trouble = found.size
    onProgress?.(report)
    if (found.size >= mostFindings) break
  }
  for (const wire of wires) wire.close()

  for (const finding of [...found.values()].slice(0, mostFindings))
    report.findings.push(describeFinding(await simplest(finding), { url, seed, tokens: callers.tokens }))
  return report
}

/** Each batch has a seed of its own, which follows from the run's. */
function seedOf(seed: number, index: number): number {
  return (seed + Math.floor(index / batch) * 7_919) | 0
}

function count(report: FuzzReport, { kind, who, call }: Recipe, status: number) {
  if (kind === 'hostile') return
  const name = call.endpoint.schema.operationId
  const statuses = report.answers.get(name) ?? new Map<number, number>()
  report.answers.set(name, statuses.set(status, (statuses.get(status) ?? 0) + 1))
  if (kind !== 'valid' || who !== (call.endpoint.config.upTo ?? 'admin')) return
  const so = report.valid.get(name) ?? { sent: 0, succeeded: 0 }
  so.sent += 1
  if (status < 300) so.succeeded += 1
  report.valid.set(name, so)
}
