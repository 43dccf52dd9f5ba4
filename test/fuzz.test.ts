// Valid, nearly valid and hostile requests to every endpoint, made from the contract: nothing may answer 5xx, and nothing else than
// the contract says. FUZZ_SEED runs what failed once more; `npm run fuzz` runs for longer.
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Access, endpoints } from '../contract/index.ts'
import { conflict } from '../server/errors.ts'
import { openTestDesk } from './support/desk.ts'
import type { NewCaller } from './support/fuzz/callers.ts'
import { givenCallers } from './support/fuzz/given-callers.ts'
import { type Handler, openPlanted } from './support/fuzz/planted.ts'
import { fuzz, type FuzzReport } from './support/fuzz/run.ts'

const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const { given, pool, url } = await openTestDesk({ publicUrl: 'http://127.0.0.1:8000' })
const prototypeBefore = Object.getOwnPropertyNames(Object.prototype)
let report: FuzzReport | undefined

test(`20,000 requests of any kind find nothing (FUZZ_SEED=${seed})`, { timeout: 120_000 }, async () => {
  report = await fuzz({ url, requests: 20_000, seed, newCaller: await givenCallers(given, pool) })
  expect(report.findings.join('\n\n')).toBe('')
  expect(report.sent).toBe(20_000)
})

test('S41 no request has put anything on the prototype of all objects', () => {
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototypeBefore)
  expect(Object.keys({})).toEqual([])
})

/** For desks that ask for no token. */
const stranger: NewCaller = async () => ({ token: 'x', hadAnotherRole: async () => false })

/** What takes a secret that works once, or an account as it was, when any request may have changed it. */
const byChance = ['acceptInvitation', 'confirmEmail', 'createSession', 'createToken', 'resetPassword']

test('what is called valid is: most of it succeeds, at every endpoint', () => {
  const counts = [...(report?.valid.values() ?? [])]
  const sum = (key: 'sent' | 'succeeded') => counts.reduce((total, count) => total + count[key], 0)
  expect(sum('succeeded') / sum('sent')).toBeGreaterThan(0.6)
  const never = endpoints
    // What its path does not name may be absent all the same: nobody can make the first admin once there is one.
    .filter(({ config }) => config.absent === undefined)
    .map(({ schema }) => schema.operationId)
    .filter((name) => !byChance.includes(name))
    .filter((name) => ![...(report?.answers.get(name)?.keys() ?? [])].some((status) => status < 300))
  expect(never).toEqual([])
})

test('every endpoint has refused something, too', () => {
  for (const { schema } of endpoints)
    expect(report?.answers.get(schema.operationId)?.has(422), schema.operationId).toBe(true)
})

describe('the fuzzer finds', () => {
  const asIs: Handler = (flower) => flower
  const cannotCount: Handler = (flower) => {
    if (flower.petals !== undefined) throw new RangeError('A bug, planted.')
    return flower
  }
  const faults: [fault: string, complaint: string, Handler, { access?: Access; status?: number }?][] = [
    ['a bug', 'the status 500', cannotCount],
    ['a field too many', 'a body that its schema does not allow', (flower) => ({ ...flower, id: 1 })],
    [
      'a limit that the reply breaks',
      'a body that its schema does not allow',
      ({ name }) => ({ name: name.repeat(40) }),
    ],
    ['a text where JSON is due', '200 as text/plain', ({ name }) => name],
    ['a secret', 'a secret in the reply', () => ({ name: `fdt_${'s'.repeat(43)}` })],
    ['a caller who should not get in', '200 for nobody, where admin is needed', asIs, { access: 'admin' }],
    ['a 201 that does not say where', 'no location with 201', asIs, { status: 201 }],
    [
      'a status that nobody was told of',
      '409, which the contract does not know',
      () => {
        throw conflict('wilted', 'Wilted.')
      },
    ],
    [
      'words of the database',
      'the inside of the house',
      () => {
        throw conflict('x', 'duplicate key value violates a constraint')
      },
    ],
    [
      'a reply without the headers of all',
      'no x-frame-options with 200',
      (flower, reply) => {
        void reply.removeHeader('x-frame-options')
        return flower
      },
    ],
    [
      'no reply at all',
      'no reply',
      (_, reply) => {
        void reply.hijack()
        reply.raw.destroy()
      },
    ],
  ]
  test.each(faults)('%s', async (_, complaint, handler, options) => {
    const planted = await openPlanted(handler, options)
    onTestFinished(planted.close)
    const { findings } = await fuzz({
      url: planted.url,
      endpoints: [planted.endpoint],
      requests: 500,
      seed,
      newCaller: stranger,
    })
    expect(findings.join('\n\n')).toContain(`createFlower: ${complaint}`)
  })

  test('and nothing where nothing is wrong', async () => {
    const planted = await openPlanted(asIs)
    onTestFinished(planted.close)
    const { findings } = await fuzz({
      url: planted.url,
      endpoints: [planted.endpoint],
      requests: 2_000,
      seed,
      newCaller: stranger,
    })
    expect(findings.join('\n\n')).toBe('')
  })

  test('the simplest request that shows it, and says how to send it again', async () => {
    const planted = await openPlanted(cannotCount)
    onTestFinished(planted.close)
    const { findings } = await fuzz({
      url: planted.url,
      endpoints: [planted.endpoint],
      requests: 500,
      seed: 3,
      newCaller: stranger,
    })
    const [first = ''] = findings
    expect(first).toMatch(/^createFlower: the status 500.*\n {2}seed 3, request \d+, [\w ]+ by \w+/)
    expect(first).toContain(`curl -sS -i --max-time 30 --path-as-is -X POST ${planted.url}/api/v1/flowers`)
    expect(first).toContain('"petals":0}')
    expect(first).not.toContain('colour')
  })
})
