import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { expect, test } from 'vitest'
import { endpoints } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'

interface Schema {
  readonly description?: string
  readonly properties?: Readonly<
    Record<string, Schema & { readonly $ref?: string; readonly examples?: readonly unknown[] }>
  >
  readonly examples?: readonly unknown[]
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly responses: Readonly<Record<string, unknown>>
}

const { url } = await openTestDesk()
const answer = await fetch(`${url}/openapi.json`)
const text = await answer.text()
const document = JSON.parse(text) as {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}
const operations = Object.values(document.paths).flatMap((path) => Object.values(path))

test('the document is OpenAPI 3.1 and lists every endpoint of the contract once', () => {
  expect(document.openapi).toBe('3.1.0')
  expect(operations.map((operation) => operation.operationId).sort()).toEqual(
    endpoints.map((endpoint) => endpoint.schema.operationId).sort(),
  )
})

test('redocly finds nothing to complain of', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-openapi-'))
  const file = join(folder, 'openapi.json')
  await writeFile(file, text)
  const cli = join(import.meta.dirname, '../node_modules/@redocly/cli/bin/cli.js')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      cli,
      'lint',
      file,
      '--extends=recommended',
      '--format=json',
      '--skip-rule=no-server-example.com',
      '--skip-rule=operation-4xx-response',
    ],
    { env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } },
  ).catch((error: { stdout: string }) => error)
  await rm(folder, { recursive: true })
  expect(
    JSON.parse(stdout).problems.map(
      (problem: { ruleId: string; message: string }) => `${problem.ruleId}: ${problem.message}`,
    ),
  ).toEqual([])
})

test('every operation, schema and property says what it is, and every schema has an example that fits it', () => {
  for (const { operationId, summary, description } of operations) {
    expect([summary.length > 5, description.length > 10], operationId).toEqual([true, true])
  }
  const ajv = new Ajv({ strict: false })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'openapi', ...document })
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    expect(name).toMatch(/^[A-Z][A-Za-z]+$/)
    expect(schema.description, name).toBeTruthy()
    for (const [property, { description, $ref }] of Object.entries(schema.properties ?? {})) {
      expect(description ?? $ref, `${name}.${property}`).toBeTruthy()
    }
    expect(schema.examples, name).toHaveLength(1)
    for (const example of schema.examples ?? []) {
      ajv.validate(`openapi#/components/schemas/${name}`, example)
      expect(ajv.errors, `${name} ${JSON.stringify(example)}`).toBeNull()
    }
  }
})

test('Swagger UI opens from our own disk and asks nobody else', async () => {
  const page = await (await fetch(`${url}/docs/`)).text()
  expect(page).toContain('swagger-ui')
  const links = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
  expect(links.length).toBeGreaterThan(3)
  for (const link of links) {
    const response = await fetch(new URL(link, `${url}/docs/`))
    await response.arrayBuffer()
    expect([link, response.status]).toEqual([link, 200])
    expect(new URL(link, `${url}/docs/`).origin).toBe(url)
  }
})
