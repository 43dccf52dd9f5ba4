// Runs the examples of docs/api as they are written, each page on a fresh database, and compares what is answered with what
// the page shows.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openTestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'
import { type Step, stepsOf } from './support/walkthrough.ts'

const folder = new URL('../docs/api/', import.meta.url)
const pages = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md')

/** `"…"` stands for any value; under the name `…`, for all fields that are not shown. */
function shown(documented: unknown): unknown {
  if (documented === '…') return expect.anything()
  if (Array.isArray(documented)) return documented.map(shown)
  if (typeof documented !== 'object' || documented === null) return documented
  const { '…': more, ...fields } = documented as Record<string, unknown>
  const expected = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shown(value)]))
  return more === undefined ? expected : expect.objectContaining(expected)
}

/** What is said of a header: all of it, or with `…` its beginning. */
const header = (documented: string) =>
  documented.includes('…')
    ? expect.stringContaining(documented.slice(0, documented.indexOf('…')))
    : expect.stringMatching(new RegExp(`^${RegExp.escape(documented)}(;|$)`))

async function run(url: string, { method, url: target, headers, body, head, reply, title }: Step) {
  const path = target.pathname + target.search
  const { status, headers: told, text } = await sendTo(url, { method, path, headers, body })
  if (head) {
    expect(status, `${title}: ${text}`).toBe(head.status)
    for (const [name, value] of Object.entries(head.headers))
      expect(told.get(name), `${title}: ${name}`).toEqual(header(value))
  } else expect(status, `${title}: ${text}`).toBeLessThan(300)
  if (reply !== undefined) expect(JSON.parse(text), title).toEqual(shown(reply))
}

test('every page is in the index, and shows an example', () => {
  const index = readFileSync(new URL('README.md', folder), 'utf8')
  for (const page of pages) {
    expect(index).toContain(`(${page})`)
    expect(stepsOf(readFileSync(new URL(page, folder), 'utf8')).length, page).toBeGreaterThan(0)
  }
})

describe.each(pages)('%s', async (page) => {
  const steps = stepsOf(readFileSync(new URL(page, folder), 'utf8'))
  const desk = await openTestDesk({
    anonymousRole: 'admin',
    rateLimit: true,
    publicUrl: 'http://localhost:8000',
  })
  test.each(steps.map((step) => [step.title, step] as const))('%s', (_, step) => run(desk.url, step))
})
