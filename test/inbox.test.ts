// What there is to do: open tickets by priority and age, the caller's own and those of nobody.
import { expect, test } from 'vitest'
import { assignRequest, closeRequest, listInbox, updateTicket } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'

const { as, given, url } = await openTestDesk()
const [operator, other] = [await given.operator(), await given.operator()]
const call = as(operator)

async function ticket(priority: 'low' | 'normal' | 'high' | 'urgent', assignee?: { id: number }) {
  const { id } = await given.request()
  await call(updateTicket, { params: { id }, body: { priority } })
  if (assignee) await call(assignRequest, { params: { id: assignee.id, request_id: id } })
  return id
}

// Made in this order, so that age is told from priority.
const low = await ticket('low')
const mine = await ticket('normal', operator)
const normal = await ticket('normal')
const theirs = await ticket('urgent', other)
const high = await ticket('high', operator)
const urgent = await ticket('urgent')
const done = await ticket('urgent', operator)
await call(closeRequest, { params: { id: done }, body: { status: 'COMPLETED', resolution_comment: 'Done' } })

const ids = ({ results }: { readonly results: readonly { readonly id: number }[] }) =>
  results.map(({ id }) => id)

test.each([
  ['mine_or_unassigned', [urgent, high, mine, normal, low]],
  ['mine', [high, mine]],
  ['unassigned', [urgent, normal, low]],
  ['all', [theirs, urgent, high, mine, normal, low]],
] as const)('%s: the most urgent first, and of those the oldest', async (whose, expected) => {
  const { body } = await call(listInbox, { query: { whose } })
  expect([body.count, ids(body)]).toEqual([expected.length, expected])
  const turned = await call(listInbox, { query: { whose, sort: '-priority' } })
  expect(ids(turned.body)).toEqual([...expected].reverse())
})

test('is mine and nobody’s where nothing else is asked, and read by pages in both directions', async () => {
  const whole = ids((await call(listInbox, {})).body)
  expect(whole).toEqual([urgent, high, mine, normal, low])
  const read = async (link: string) => {
    const answer = await fetch(link.replace('http://desk.test', url), {
      headers: { authorization: `Bearer ${operator.token}` },
    })
    return (await answer.json()) as Awaited<ReturnType<typeof first>>
  }
  const first = async () => (await call(listInbox, { query: { limit: 2 } })).body
  const pages = [await first()]
  for (let last = pages[0]; last?.next; last = pages.at(-1)) pages.push(await read(last.next))
  expect(pages.map(ids)).toEqual([[urgent, high], [mine, normal], [low]])
  const back = await read(String(pages[2]?.previous))
  expect(ids(back)).toEqual([mine, normal])
})

test('another operator sees their own in it', async () => {
  expect(ids((await as(other)(listInbox, { query: { whose: 'mine' } })).body)).toEqual([theirs])
})
