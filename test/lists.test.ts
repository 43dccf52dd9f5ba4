import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type Customer, createCustomer, listCustomers, listRequests } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'

const { as, given, rows, url } = await openTestDesk()
const call = as(await given.operator())
let all: Customer[] = []

beforeAll(async () => {
  // Many share one moment, as rows of one import do, so that only the id tells them apart.
  await rows(`insert into customers (first_name, last_name, created_at)
    select 'Page', 'Number ' || n, '2026-01-01'::timestamptz + (n / 7) * interval '1 second' from generate_series(1, 60) n`)
  all = (await rows<Customer>('select * from customers order by created_at desc, id desc')) as Customer[]
})

/** Follows `next` (or `previous`) from a page to the end, as a client does. */
async function follow(
  path: string | null,
  direction: 'next' | 'previous',
  token: string,
): Promise<Customer[][]> {
  const pages: Customer[][] = []
  while (path) {
    const { text } = await sendTo(url, { path, headers: { authorization: `Bearer ${token}` } })
    const page = JSON.parse(text) as {
      results: Customer[]
      next: string | null
      previous: string | null
      count: number
    }
    expect(page.count).toBe(60)
    pages.push(page.results)
    path = page[direction]
  }
  return pages
}

test('the pages of a list are the whole list, in order, without a repeat, there and back', async () => {
  const { token } = await given.operator()
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 70 }),
      fc.constantFrom('created' as const, '-created' as const, 'updated' as const, '-updated' as const),
      async (limit, sort) => {
        const expected = (
          await rows<{ id: number }>(
            `select id from customers order by ${sort.replace('-', '')}_at ${sort.startsWith('-') ? 'desc' : 'asc'}, id ${sort.startsWith('-') ? 'desc' : 'asc'}`,
          )
        ).map((row) => row.id)
        const there = await follow(
          `http://desk.test/api/v1/customers?sort=${sort}&limit=${limit}`,
          'next',
          token,
        )
        expect(there.flat().map((row) => row.id)).toEqual(expected)

        const last = await as({ token })(listCustomers, { query: { sort, limit } })
        if (last.body.next === null) return
        let end = last.body.next
        for (;;) {
          const headers = { authorization: `Bearer ${token}` }
          const page = JSON.parse((await sendTo(url, { path: end, headers })).text) as {
            next: string | null
            previous: string | null
          }
          if (page.next === null) {
            const back = await follow(page.previous, 'previous', token)
            expect(back.flatMap((rows) => rows.map((row) => row.id)).length).toBe(
              expected.length - (there.at(-1)?.length ?? 0),
            )
            expect(
              back
                .reverse()
                .flat()
                .map((row) => row.id),
            ).toEqual(expected.slice(0, expected.length - (there.at(-1)?.length ?? 0)))
            return
          }
          end = page.next
        }
      },
    ),
    { numRuns: 25 },
  )
})

test('a row made while somebody is paging shifts nothing and hides nothing', async () => {
  const first = await call(listCustomers, { query: { limit: 10 } })
  await call(createCustomer, { body: { first_name: 'New', last_name: 'Comer' } })
  const { searchParams } = new URL(first.body.next ?? '')
  const second = await call(listCustomers, { query: { limit: 10, cursor: searchParams.get('cursor') ?? '' } })

  expect(second.body.results.map((row) => row.id)).toEqual(all.slice(10, 20).map((row) => row.id))
  await rows(`delete from customers where last_name = 'Comer'`)
})

test('next and previous are whole URLs on PUBLIC_URL that keep the filters', async () => {
  const page = await call(listCustomers, { query: { first_name: 'Page', limit: 5, sort: 'created' } })
  expect(page.body.next).toMatch(
    /^http:\/\/desk\.test\/api\/v1\/customers\?first_name=Page&sort=created&limit=5&cursor=[\w-]+$/,
  )
  expect(page.body.previous).toBeNull()
})

test('S25 a cursor works only for the list, filters and order it was made for, and only untouched', async () => {
  const page = await call(listCustomers, { query: { limit: 5 } })
  const cursor = new URL(page.body.next ?? '').searchParams.get('cursor') ?? ''
  const refused = async (
    answer: Promise<{ status: number; problem: { errors?: { pointer: string }[] } }>,
  ) => {
    const { status, problem } = await answer
    expect([status, problem.errors?.[0]?.pointer]).toEqual([422, '/cursor'])
  }

  expect((await call(listCustomers, { query: { limit: 7, cursor } })).status).toBe(200)
  await refused(call(listCustomers, { query: { cursor, sort: 'created' } }))
  await refused(call(listCustomers, { query: { cursor, first_name: 'Page' } }))
  await refused(call(listRequests, { query: { cursor } }))
  for (const forged of [
    cursor.slice(1),
    `${cursor}AA`,
    'x',
    'AAAA',
    '%',
    cursor.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')),
  ]) {
    if (forged !== cursor) await refused(call(listCustomers, { query: { cursor: forged } }))
  }
})

test('the count is exact up to 10,000, and says when it stopped there', async () => {
  expect((await call(listCustomers, { query: {} })).body.count).toBe(60)
  await rows(
    `insert into customers (first_name, last_name) select 'Crowd', 'Member' from generate_series(1, 10001)`,
  )
  const crowd = await call(listCustomers, { query: { first_name: 'crowd', limit: 1 } })
  expect(crowd.body).toMatchObject({ count: 10_000, count_capped: true })
  const cursor = new URL(crowd.body.next ?? '').searchParams.get('cursor') ?? ''
  expect(
    (await call(listCustomers, { query: { first_name: 'crowd', limit: 1, cursor } })).body,
  ).toMatchObject({ count: 10_000, count_capped: true })
  await rows(
    `delete from customers where id in (select id from customers where first_name = 'Crowd' limit 1)`,
  )
  const full = await call(listCustomers, { query: { first_name: 'crowd', limit: 1 } })
  expect(full.body.count).toBe(10_000)
  expect(full.body).not.toHaveProperty('count_capped')
})

test.each([
  ['limit=0', '/limit'],
  ['limit=101', '/limit'],
  ['limit=ten', '/limit'],
  ['limit=1&limit=2', '/limit'],
  ['sort=password_hash', '/sort'],
  ['sort=created;drop table customers', '/sort'],
  ['cursor=', '/cursor'],
  ['offset=10', '/offset'],
  ['page=2', '/page'],
  ['show_archived=perhaps', '/show_archived'],
  ['q=', '/q'],
  ['q=!!!', '/q'],
  ['q=%25', '/q'],
  ['q=%00', '/q'],
  ['filter[created_by.password_hash]=x', '/filter[created_by.password_hash]'],
  ['__proto__=x', '/__proto__'],
])('S24, S25 ?%s is refused and named', async (query, pointer) => {
  const { token } = await given.operator()
  const { status, text } = await sendTo(url, {
    path: `/api/v1/customers?${query}`,
    headers: { authorization: `Bearer ${token}` },
  })
  expect(status).toBe(422)
  expect(
    (JSON.parse(text) as { errors: { pointer: string }[] }).errors.map((error) => error.pointer),
  ).toContain(pointer)
})
