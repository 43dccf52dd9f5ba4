// node bench/account-probing.ts: whether the time of an answer tells who has an account (S32). Known and unknown are asked in random
// order over one connection, and so is what a prober could look at next: the call right after.
import { randomInt } from 'node:crypto'
import { Agent, request } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startProduct, signIn } from './product.ts'
import { machine, median } from './report.ts'

const { values: options } = parseArgs({
  options: {
    /** Of each kind. A sign-in takes some thirty times as long as a forgotten password. */
    tries: { type: 'string', default: '5000' },
    only: { type: 'string', default: 'forgot,sign-in' },
  },
})

const known = { username: 'known', email: 'known@shop.example' }
const unknown = { username: 'nobody', email: 'nobody@shop.example' }
type Whose = typeof known

const probes: Readonly<Record<string, { path: string; status: number; body: (whose: Whose) => object }>> = {
  forgot: { path: '/api/v1/password/forgot', status: 202, body: ({ email }) => ({ email }) },
  'sign-in': {
    path: '/api/v1/token',
    status: 401,
    body: ({ username }) => ({ username, password: 'not the password of anybody' }),
  },
}

const folder = await mkdtemp(join(tmpdir(), 'frontdesk-probing-'))
const product = await startProduct(folder)
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
try {
  console.log(`${machine()}; load average when it began: ${loadavg()[0]?.toFixed(1)}`)
  const token = await signIn(product.port)
  const names = { first_name: 'K', last_name: 'N', role: 'operator', password: 'keep-yourself-warm' }
  await timed('/api/v1/users', 201, { ...known, ...names }, { authorization: `Bearer ${token}` })
  for (const name of options.only.split(',')) await probe(name)
} finally {
  agent.destroy()
  await product.stop()
  await rm(folder, { recursive: true, force: true })
}

async function probe(name: string) {
  const { path, status, body } = probes[name] ?? {}
  if (path === undefined || status === undefined || body === undefined) throw new Error(`There is no ${name}`)
  const took = {
    known: [] as number[],
    unknown: [] as number[],
    afterKnown: [] as number[],
    afterUnknown: [] as number[],
  }
  const left = { known: Number(options.tries), unknown: Number(options.tries) }
  for (let n = 0; n < 200; n += 1) await timed(path, status, body(n % 2 ? known : unknown)) // until it runs at its usual speed
  while (left.known + left.unknown > 0) {
    const isKnown = randomInt(left.known + left.unknown) < left.known
    left[isKnown ? 'known' : 'unknown'] -= 1
    const milliseconds = await timed(path, status, body(isKnown ? known : unknown))
    took[isKnown ? 'known' : 'unknown'].push(milliseconds)
    took[isKnown ? 'afterKnown' : 'afterUnknown'].push(await timed('/livez', 200))
  }
  const show = (numbers: number[]) => `${median(numbers).toFixed(3)} ms`
  const difference = median(took.known) - median(took.unknown)
  const after = median(took.afterKnown) - median(took.afterUnknown)
  console.log(
    `${name}: ${options.tries} tries each; medians: known ${show(took.known)}, unknown ${show(took.unknown)}, difference ${difference.toFixed(3)} ms`,
  )
  console.log(
    `${name}: the call right after: known ${show(took.afterKnown)}, unknown ${show(took.afterUnknown)}, difference ${after.toFixed(3)} ms`,
  )
  if (Math.abs(difference) >= 1 || Math.abs(after) >= 1) process.exitCode = 1
}

/** Milliseconds until the whole answer is there. */
function timed(
  path: string,
  status: number,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const text = body === undefined ? undefined : JSON.stringify(body)
  const began = performance.now()
  const call = request({
    agent,
    port: product.port,
    host: '127.0.0.1',
    path,
    method: text === undefined ? 'GET' : 'POST',
    headers: {
      ...headers,
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    },
  })
  call.on('error', reject).on('response', (answer) => {
    answer.resume().on('end', () => {
      if (answer.statusCode === status) resolve(performance.now() - began)
      else reject(new Error(`${path} answered ${answer.statusCode}`))
    })
  })
  call.end(text)
  return promise
}
