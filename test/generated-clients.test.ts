// Clients that others generate from what we serve: each is made as its users make it, compiled under `strict`, and goes
// through the flow of brief 000 against a real server.
import { execFile, spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { openTestDesk } from './support/desk.ts'

const root = join(import.meta.dirname, '..')
const tools = join(root, 'tools/clients')
const generatorJar = join(root, 'node_modules/@openapitools/openapi-generator-cli/bin/openapi-generator.jar')
const run = promisify(execFile)

const hasJava = spawnSync('java', ['-version']).status === 0
const notice = hasJava ? '' : ' (skipped: openapi-generator needs Java, and there is none here)'

const folder = await mkdtemp(join(tmpdir(), 'frontdesk-clients-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

type Flow = (url: string, username: string, password: string) => Promise<Record<string, unknown>>

/** Lets `generate` make a client into a folder beside the flow of that name, and compiles both. */
async function compiled(
  name: 'typescript-fetch' | 'openapi-fetch',
  document: string,
  generate: (document: string, client: string) => Promise<unknown>,
): Promise<Flow> {
  const place = join(folder, name)
  await mkdir(join(place, 'client'), { recursive: true })
  await symlink(join(root, 'node_modules'), join(place, 'node_modules'), 'junction')
  await copyFile(join(tools, 'flows', `${name}.ts`), join(place, 'flow.ts'))
  await writeFile(join(place, 'openapi.json'), await (await fetch(document)).text())
  await generate(join(place, 'openapi.json'), join(place, 'client'))
  await writeFile(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['**/*.ts'] }))
  const typescript = join(tools, 'node_modules/typescript/bin/tsc')
  const { stdout } = await run(process.execPath, [typescript, '-p', place]).catch(
    (error: { stdout: string }) => error,
  )
  expect(stdout).toBe('')
  return createRequire(import.meta.url)(join(place, 'compiled/flow.js')).flow
}

/** The generator's imports name no file endings, which only the older way of looking for modules takes. */
const compilerOptions = {
  strict: true,
  target: 'es2022',
  lib: ['es2022', 'dom'],
  types: [],
  module: 'commonjs',
  moduleResolution: 'node10',
  outDir: 'compiled',
}

/** A desk of its own, so that the phone number of the brief is free. */
async function desk() {
  const { url, given } = await openTestDesk()
  const account = { username: 'jon', password: 'keep-yourself-warm' }
  await given.user({ role: 'admin', ...account })
  return { url, flow: (flow: Flow) => flow(url, account.username, account.password) }
}

const [forGenerator, forTypes] = await Promise.all([desk(), desk()])

test.skipIf(!hasJava)(
  `the client of openapi-generator -g typescript-fetch runs the flow of brief 000${notice}`,
  { timeout: 120_000 },
  async () => {
    const flow = await compiled(
      'typescript-fetch',
      `${forGenerator.url}/openapi-3.0.json`,
      // typescriptThreePlus: without it the code is for compilers of before 2019.
      (document, client) =>
        run('java', [
          '-jar',
          generatorJar,
          'generate',
          '--generator-name=typescript-fetch',
          `--input-spec=${document}`,
          `--output=${client}`,
          '--additional-properties=typescriptThreePlus=true',
        ]),
    )
    const seen = await forGenerator.flow(flow)
    expect(seen.customer).toHaveProperty('createdAt', expect.any(Date))
    expectTheFlow(withWireNames(seen))
  },
)

test(
  'the client of openapi-typescript and openapi-fetch runs the flow of brief 000',
  { timeout: 120_000 },
  async () => {
    const flow = await compiled('openapi-fetch', `${forTypes.url}/openapi.json`, (document, client) =>
      run(process.execPath, [
        join(tools, 'node_modules/openapi-typescript/bin/cli.js'),
        document,
        `--output=${join(client, 'index.ts')}`,
      ]),
    )
    expectTheFlow(await forTypes.flow(flow))
  },
)

function expectTheFlow(seen: unknown) {
  const { customer, operator } = seen as Record<'customer' | 'operator', { id: number }>
  const request = { id: expect.any(Number), body: 'Winter is coming', created_by: customer.id }
  const assigned = { ...request, processed_by: operator.id, status: 'IN_PROGRESS' }
  const completed = { ...assigned, status: 'COMPLETED', resolution_comment: 'Keep yourself warm' }
  expect(seen).toMatchObject({
    customer: { first_name: 'Ed', last_name: 'Stark', phone: '+442083661171', email: null },
    operator: { first_name: 'Jennie', last_name: 'Lanister', disabled_at: null },
    request: { ...request, processed_by: null, status: 'PENDING', resolution_comment: null },
    tooEarly: { status: 409, type: 'urn:frontdesk:problem:wrong_state' },
    assigned,
    completed,
    listed: { count: 1, next: null, results: [{ ...completed, archived_at: null }] },
    hidden: { count: 0, results: [] },
    shown: { count: 1, results: [{ ...completed, archived_at: expect.anything() }] },
  })
}

/** `created_by` for `createdBy`, at any depth; the names of the flow's own steps stay. */
function withWireNames(seen: Record<string, unknown>) {
  return Object.fromEntries(Object.entries(seen).map(([step, value]) => [step, snakeCased(value)]))
}

function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCased(part),
    ]),
  )
}
