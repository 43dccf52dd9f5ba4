// Runs docs/brief-walkthrough.md as it is written against a real server, and compares every reply with the one it shows.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openTestDesk, type TestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'
import { type Step, stepsOf } from './support/walkthrough.ts'

const steps = stepsOf(readFileSync(new URL('../docs/brief-walkthrough.md', import.meta.url), 'utf8'))

/** Which noun an id in a reply is of: `id` is of the noun in the path that it was made under. */
const nounOf: Readonly<Record<string, string>> = { created_by: 'customers', processed_by: 'operators' }

/**
 * The ids of the file may differ from those of this run, since a signed-in admin is operator 1 already: each is learned
 * where the record is made, and put into the paths and replies that follow.
 */
function walk(desk: TestDesk, headers: Readonly<Record<string, string>>) {
  const learned = new Map<string, number>()
  const actual = (noun: string, id: number) => learned.get(`${noun} ${id}`) ?? id

  function withActualIds(path: string): string {
    return path.replace(
      /\/(\w+)\/(\d+)/g,
      (_, noun: string, id: string) => `/${noun}/${actual(noun, Number(id))}`,
    )
  }

  function learn({ method, url, reply }: Step, answered: unknown) {
    const noun = url.pathname.replace(/\/$/, '').split('/').at(-1)
    const documented = (reply as { id?: number } | undefined)?.id
    const id = (answered as { id?: number } | null)?.id
    if (method === 'POST' && noun && documented !== undefined && id !== undefined)
      learned.set(`${noun} ${documented}`, id)
  }

  /** The documented reply as it must look in this run: times are any time, ids are the learned ones. */
  function expected(documented: unknown, noun: string): unknown {
    if (Array.isArray(documented)) return documented.map((item) => expected(item, noun))
    if (typeof documented !== 'object' || documented === null) return documented
    return Object.fromEntries(
      Object.entries(documented).map(([name, value]) => {
        if (typeof value === 'number' && name === 'id') return [name, actual(noun, value)]
        if (typeof value === 'number' && nounOf[name]) return [name, actual(nounOf[name], value)]
        if (typeof value === 'string' && name.endsWith('_at'))
          return [name, expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/)]
        return [name, expected(value, noun)]
      }),
    )
  }

  return async (step: Step) => {
    const { status, text } = await sendTo(desk.url, {
      method: step.method,
      path: withActualIds(step.url.pathname) + step.url.search,
      headers: { ...step.headers, ...headers },
      body: step.body,
    })
    const answered: unknown = text === '' ? undefined : JSON.parse(text)
    learn(step, answered)
    const nouns = step.url.pathname.split('/').filter((part) => /^[a-z]+$/.test(part) && part !== 'api')
    expect(status, `${step.title}: ${text}`).toBeLessThan(300)
    expect(answered).toEqual(expected(step.reply, nouns.at(-1) ?? ''))
    // The brief's fields stand in the brief's order.
    if (step.reply) expect(Object.keys(answered ?? {})).toEqual(Object.keys(step.reply))
  }
}

test('the file holds the whole flow of brief 000', () => {
  expect(steps.map((step) => step.title)).toEqual([
    'Create customer',
    'Create operator',
    'Create request',
    'Assign request to operator',
    'Complete request',
    'Get requests by customer',
    'Delete (archive) request',
  ])
})

describe('with a token', async () => {
  const desk = await openTestDesk()
  const admin = await desk.given.admin()
  const run = walk(desk, { authorization: `Bearer ${admin.token}` })
  test.each(steps.map((step) => [step.title, step] as const))('%s', (_, step) => run(step))
})

describe('with ANONYMOUS_ROLE=admin and no credentials', async () => {
  const desk = await openTestDesk({ anonymousRole: 'admin' })
  const run = walk(desk, {})
  test.each(steps.map((step) => [step.title, step] as const))('%s', (_, step) => run(step))

  test('the ids are those of the file, as the brief has them', async () => {
    expect(await desk.rows('select id from users')).toEqual([{ id: 1 }])
  })
})
