// Runs docs/brief-walkthrough.md as it is written against a real server, and compares every reply with the one it shows.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openTestDesk, type TestDesk } from './support/desk.ts'
import type { TestUser } from './support/given.ts'
import { sendTo } from './support/send.ts'
import { type Step, stepsOf } from './support/walkthrough.ts'

const steps = stepsOf(readFileSync(new URL('../docs/brief-walkthrough.md', import.meta.url), 'utf8'))

/** Which noun an id in a reply is of: `id` is of the noun in the path that it was made under, `created_by` of whose record it is. */
function nounOf(name: string, noun: string): string | undefined {
  if (name === 'id') return noun
  if (name === 'ticket_id') return 'tickets'
  if (name === 'processed_by') return 'operators'
  if (name === 'created_by' && noun === 'requests') return 'customers'
  return name === 'created_by' || name === 'updated_by' ? 'users' : undefined
}

/** What is made under a path that does not name it. */
const made: Readonly<Record<string, string>> = { newticket: 'tickets', reply: 'posts' }

/**
 * The ids of the file may differ from those of this run, since a signed-in admin is operator 1 already: each is learned
 * where the record is made, and put into the paths and replies that follow. So is each token.
 */
function walk(desk: TestDesk, admin?: TestUser) {
  const learned = new Map<string, number>()
  const actual = (noun: string, id: number) => learned.get(`${noun} ${id}`) ?? id
  let token = ''

  function withActualIds(path: string): string {
    return path.replace(
      /\/(\w+)\/(\d+)/g,
      (_, noun: string, id: string) => `/${noun}/${actual(noun, Number(id))}`,
    )
  }

  /** Whoever is not said to call is the admin. */
  function headersOf({ headers }: Step): Record<string, string> {
    const { authorization = admin && `Bearer ${admin.token}` } = headers
    return {
      ...headers,
      ...(authorization === undefined ? {} : { authorization: authorization.replace('$TOKEN', token) }),
    }
  }

  function learn({ method, url, reply }: Step, answered: unknown) {
    const noun = url.pathname.replace(/\/$/, '').split('/').at(-1)
    const documented = (reply as { id?: number } | undefined)?.id
    const { id, token: fresh } = (answered ?? {}) as { id?: number; token?: string }
    if (fresh !== undefined) token = fresh
    if (method === 'POST' && noun && documented !== undefined && id !== undefined)
      learned.set(`${made[noun] ?? noun} ${documented}`, id)
  }

  /** The documented reply as it must look in this run: times and tokens are any, ids are the learned ones. */
  function expected(documented: unknown, noun: string): unknown {
    if (Array.isArray(documented)) return documented.map((item) => expected(item, noun))
    if (typeof documented !== 'object' || documented === null) return documented
    return Object.fromEntries(
      Object.entries(documented).map(([name, value]) => [name, expectedField(name, value, noun)]),
    )
  }

  function expectedField(name: string, value: unknown, noun: string): unknown {
    const of = nounOf(name, noun)
    // Signing up does not tell one's number, which with a token is another one: the admin is a user, too.
    if (name === 'author_id' && admin) return expect.any(Number)
    if (typeof value === 'number' && of !== undefined) return actual(of, value)
    // Without credentials it was nobody.
    if (value === null && of === 'users') return admin?.id ?? null
    if (typeof value !== 'string') return expected(value, noun)
    if (name.endsWith('_at')) return expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/)
    if (name === 'token') return expect.stringMatching(/^fdt_[\w-]{43}$/)
    if (name !== 'photo_url') return value
    const [path = '', v = ''] = value.split('?')
    expect(v).toMatch(/^v=[0-9a-f]{32}$/)
    return expect.stringMatching(new RegExp(`^${RegExp.escape(withActualIds(path))}[?]v=[0-9a-f]{32}$`))
  }

  return async (step: Step) => {
    const { status, headers, text } = await sendTo(desk.url, {
      method: step.method,
      path: withActualIds(step.url.pathname) + step.url.search,
      headers: headersOf(step),
      body: step.body,
    })
    const { head, reply } = step
    if (head) {
      expect(status, `${step.title}: ${text}`).toBe(head.status)
      for (const [name, value] of Object.entries(head.headers)) expect(headers.get(name)).toBe(value)
      return
    }
    const answered: unknown = text === '' ? undefined : JSON.parse(text)
    learn(step, answered)
    const nouns = step.url.pathname
      .split('/')
      .filter((part) => /^[a-z]+$/.test(part) && !['api', 'photo'].includes(part))
    expect(status, `${step.title}: ${text}`).toBeLessThan(300)
    const noun = nouns.at(-1) ?? ''
    expect(answered).toEqual(expected(reply, made[noun] ?? noun))
    // The brief's fields stand in the brief's order.
    if (reply) expect(Object.keys(answered ?? {})).toEqual(Object.keys(reply))
  }
}

test('the file holds the whole flow of briefs 000, 001 and 004', () => {
  expect(steps.map((step) => step.title)).toEqual([
    'Create customer',
    'Create operator',
    'Create request',
    'Assign request to operator',
    'Complete request',
    'Get requests by customer',
    'Delete (archive) request',
    'Create a user',
    'Create an admin',
    'List users',
    'Sign in as the user',
    'Create a customer with a photo',
    'Get full customer information',
    'Get the photo',
    'Change the photo',
    'Remove the photo',
    'Sign in as the admin',
    'Update a customer',
    'List all customers',
    'Delete a customer',
    'Update a user',
    'Change admin status',
    'Delete a user',
    'Sign up',
    'Create a customer service user',
    'Sign in as the customer',
    'Create a ticket',
    'Read its posts',
    'Reply to a ticket',
    'Delete a post',
  ])
})

describe('with a token', async () => {
  const desk = await openTestDesk()
  const admin = await desk.given.admin()
  const run = walk(desk, admin)
  test.each(steps.map((step) => [step.title, step] as const))('%s', (_, step) => run(step))
})

describe('with ANONYMOUS_ROLE=admin and no credentials', async () => {
  const desk = await openTestDesk({ anonymousRole: 'admin' })
  const run = walk(desk)
  test.each(steps.map((step) => [step.title, step] as const))('%s', (_, step) => run(step))

  test('the ids are those of the file, as the brief has them', async () => {
    expect(await desk.rows('select id from users where username is null and not is_service')).toEqual([
      { id: 1 },
    ])
  })
})
