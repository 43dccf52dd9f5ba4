// What is said, edited and closed at the same moment.
import { describe, expect, test } from 'vitest'
import {
  archiveCustomer,
  closeRequest,
  deletePost,
  editRequest,
  listPosts,
  updatePost,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { threadsOf } from './support/threads.ts'

const desk = await openTestDesk()
const { as, given, rows } = desk
const { operator, staff, portalLogin, opened, say } = await threadsOf(desk)

describe('at the same moment', () => {
  test('edits with If-Match and without, and of the staff, do not wait for each other in a circle', async () => {
    const ed = await portalLogin()
    const { id } = await opened(ed)
    const [ask] = (await as(ed)(listPosts, { params: { id } })).body.results
    const params = { id: ask?.id ?? 0 }
    const edit = (headers = {}) => as(ed)(updatePost, { params, body: { message: 'Colder' } }, headers)
    const all = await Promise.all(
      Array.from({ length: 10 }, () => [
        edit(),
        edit({ 'if-match': '*' }),
        staff(editRequest, { params: { id }, body: { body: 'Warmer' } }),
      ]).flat(),
    )
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200))
  })

  test('a customer is archived while they answer what has ended: before it or after it, and nobody waits in a circle', async () => {
    for (let round = 0; round < 15; round += 1) {
      const ed = await portalLogin()
      const { id } = await opened(ed)
      await staff(closeRequest, { params: { id }, body: { status: 'REJECTED', resolution_comment: 'No' } })
      const [answer, archived] = await Promise.all([
        say(ed, id, 'But why?'),
        staff(archiveCustomer, { params: { id: ed.customer_id } }),
      ])
      expect([[201, 409].includes(answer.status), archived.status], `${answer.status}`).toEqual([true, 204])
    }
  })

  // What is counted and when the latest was written is looked at after the last test (I07).
  test('S29 posts are written and deleted', async () => {
    const ed = await portalLogin()
    const { id } = await opened(ed)
    for (let round = 0; round < 10; round += 1) {
      const [one, other] = [(await say(ed, id)).body, (await say(operator, id)).body]
      const done = await Promise.all([
        as(ed)(deletePost, { params: { id: one.id } }),
        say(ed, id),
        staff(deletePost, { params: { id: other.id } }),
      ])
      expect(done.map(({ status }) => status)).toEqual([204, 201, 204])
    }
  })

  test('what is answered is what is asked by then', async () => {
    const { id } = await given.request({ body: 'Old' })
    const client = await desk.pool.connect()
    await client.query('begin')
    await client.query('select from tickets where id = $1 for update', [id])
    const edited = staff(editRequest, { params: { id }, body: { body: 'New' } })
    await expect.poll(() => waiting()).toBe(1)
    const rejected = staff(closeRequest, {
      params: { id },
      body: { status: 'REJECTED', resolution_comment: 'No' },
    })
    await expect.poll(() => waiting()).toBe(2)
    await client.query('commit')
    client.release()
    expect((await edited).body).toMatchObject({ body: 'New', version: 2 })
    expect((await rejected).body).toMatchObject({ body: 'New', version: 3, status: 'REJECTED' })
  })

  const waiting = async () =>
    (
      await rows(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      )
    ).length
})
