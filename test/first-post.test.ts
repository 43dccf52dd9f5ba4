// The first post of a ticket is what the ticket asks, and stays for as long as the ticket does.
import { beforeEach, describe, expect, test } from 'vitest'
import { closeRequest, createRequest, deletePost, listPosts, updatePost } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import type { TestUser } from './support/given.ts'
import { threadsOf } from './support/threads.ts'

const desk = await openTestDesk()
const { as, given } = desk
const { operator, staff, portalLogin, opened, say } = await threadsOf(desk)
const admin = await given.admin()

const firstOf = async (ticketId: number) => {
  const { body } = await staff(listPosts, { params: { id: ticketId } })
  const [first] = body.results
  if (!first) throw new Error('The ticket has lost its first post')
  return first
}
const remove = (who: TestUser, id: number) => as(who)(deletePost, { params: { id } })

describe('S29 the first post', () => {
  let ed: Awaited<ReturnType<typeof portalLogin>>
  beforeEach(async () => {
    ed = await portalLogin()
  })

  test('that a customer wrote is deleted by nobody', async () => {
    const { id } = await opened(ed)
    const before = await firstOf(id)
    const stranger = await portalLogin()
    const refused: unknown[] = []
    for (const who of [ed, stranger, operator, admin]) {
      const { status, problem } = await remove(who, before.id)
      refused.push([status, problem.type.split(':').at(-1)])
    }
    expect(refused).toEqual([
      [409, 'first_post'],
      [404, 'not_found'],
      [403, 'forbidden'],
      [403, 'forbidden'],
    ])
    expect(await firstOf(id)).toEqual(before)
  })

  test('that an operator wrote for a customer is deleted by nobody, its author neither', async () => {
    const logged = await staff(createRequest, {
      params: { id: ed.customer_id },
      body: { body: 'Winter is coming' },
    })
    const before = await firstOf(logged.body.id)
    expect(before.author_id).toBe(operator.id)
    const statuses: number[] = []
    for (const who of [operator, ed, await given.operator(), admin])
      statuses.push((await remove(who, before.id)).status)
    expect(statuses).toEqual([409, 403, 403, 403])
    expect(await firstOf(logged.body.id)).toEqual(before)
  })

  test('stays while others are written and deleted at the same moment', async () => {
    const { id } = await opened(ed)
    const before = await firstOf(id)
    const all = await Promise.all(
      Array.from({ length: 10 }, () => [
        remove(ed, before.id),
        say(ed, id).then(async ({ body }) => remove(ed, body.id)),
        say(operator, id),
      ]).flat(),
    )
    const of = (at: number) => new Set(all.filter((_, n) => n % 3 === at).map(({ status }) => status))
    expect([of(0), of(1), of(2)]).toEqual([new Set([409]), new Set([204]), new Set([201])])
    expect(await firstOf(id)).toEqual(before)
  })

  test('is not edited any more, nor deleted, when its ticket has ended', async () => {
    const { id } = await opened(ed)
    const before = await firstOf(id)
    const outcome = { status: 'REJECTED', resolution_comment: 'Not ours' } as const
    await staff(closeRequest, { params: { id }, body: outcome })
    const edited = await as(ed)(updatePost, { params: { id: before.id }, body: { message: 'Another ask' } })
    expect([edited.status, (await remove(ed, before.id)).status]).toEqual([409, 409])
    expect((await firstOf(id)).message).toBe(before.message)
  })
})
