// The two OpenAPI documents that are served: that they are sound, complete, and understood by readers of their version.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { endpoints } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { type OpenApi, readOpenApi } from './support/openapi.ts'

const { url } = await openTestDesk()
const current = await readOpenApi(`${url}/openapi.json`)
const older = await readOpenApi(`${url}/openapi-3.0.json`)

describe.each([
  ['/openapi.json', '3.1.0', current],
  ['/openapi-3.0.json', '3.0.3', older],
] as const)('%s', (_, version, openapi) => {
  const { document, operations, schemas, resolved, exampleOf, misfit } = openapi

  test(`it is OpenAPI ${version} and lists every endpoint of the contract once`, () => {
    expect(document.openapi).toBe(version)
    expect(operations.map((operation) => operation.operationId).sort()).toEqual(
      endpoints.map((endpoint) => endpoint.schema.operationId).sort(),
    )
  })

  test('redocly finds nothing to complain of', async () => {
    expect(await lint(openapi)).toEqual([])
  })

  test('every operation, parameter, schema and property says what it is', () => {
    for (const { operationId, summary, description, parameters = [] } of operations) {
      expect([summary.length > 5, description.length > 10], operationId).toEqual([true, true])
      for (const parameter of parameters) expect(parameter.description, parameter.name).toBeTruthy()
    }
    for (const [name, { description }] of Object.entries(document.components.schemas)) {
      expect(name).toMatch(/^[A-Z][A-Za-z]+$/)
      expect(description, name).toBeTruthy()
    }
    const properties = schemas.flatMap(([pointer, schema]) =>
      Object.entries(schema.properties ?? {}).map(
        ([name, property]) => [`${pointer} ${name}`, property] as const,
      ),
    )
    expect(properties.length).toBeGreaterThan(80)
    for (const [place, property] of properties) expect(resolved(property).description, place).toBeTruthy()
  })

  // One, because OpenAPI 3.0 has room for one.
  test('no schema has more than one example, every named one has it, and each fits', () => {
    const examples = schemas.flatMap(([pointer, { examples, example }]) =>
      [...(examples ?? []), ...(example === undefined ? [] : [example])].map(
        (value) => [pointer, value] as const,
      ),
    )
    expect(examples.length).toBeGreaterThan(80)
    expect(new Set(examples.map(([pointer]) => pointer)).size).toBe(examples.length)
    for (const name of Object.keys(document.components.schemas)) {
      expect(exampleOf({ $ref: `#/components/schemas/${name}` }), name).toBeDefined()
    }
    expect(examples.map(([pointer, value]) => misfit(pointer, value)).filter(Boolean)).toEqual([])
  })

  test('every body, asked for or answered, has an example that fits it', () => {
    for (const { operationId, path, method, requestBody, responses } of operations) {
      const place = `/paths/${path.replaceAll('/', '~1')}/${method}`
      const bodies = Object.entries(responses).map(
        ([status, { content }]) => [`/responses/${status}`, content ?? {}] as const,
      )
      for (const [part, content] of [...bodies, ['/requestBody', requestBody?.content ?? {}] as const]) {
        for (const [type, { schema, example = exampleOf(schema) }] of Object.entries(content)) {
          expect(example, `${operationId} ${part}`).toBeDefined()
          expect(misfit(`${place}${part}/content/${type.replaceAll('/', '~1')}/schema`, example)).toBeNull()
        }
      }
    }
  })
})

test('a flaw of each kind is found', async () => {
  const text = current.text.replace('"operationId":"getMe"', '"operationId":"health"')
  expect(await lint({ text })).toContainEqual(expect.stringMatching(/^operation-operationId-unique: /))
  const pointer = '/components/schemas/Problem/properties/errors'
  expect(current.schemas.map(([place]) => place)).toContain(`${pointer}/items/properties/in`)
  expect(current.misfit(pointer, [{ in: 'head', pointer: '', detail: '' }])).toMatch(/allowed values/)
  expect(older.misfit('/components/schemas/Customer/properties/phone', null)).toBeNull()
  expect(older.misfit('/components/schemas/Customer/properties/first_name', null)).toMatch(/must be string/)
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

/** What redocly's recommended rules find, less two: a server is where PUBLIC_URL says, and some calls cannot fail. */
async function lint({ text }: Pick<OpenApi, 'text'>): Promise<string[]> {
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
  return JSON.parse(stdout).problems.map(
    ({ ruleId, message }: { ruleId: string; message: string }) => `${ruleId}: ${message}`,
  )
}
