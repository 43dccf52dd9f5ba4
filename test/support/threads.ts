// What tests of tickets and threads need: people, a ticket that one of them opens, and what is said in it.
import { expect } from 'vitest'
import { assignRequest, closeRequest, createPost, openTicket } from '../../contract/index.ts'
import type { TestDesk } from './desk.ts'
import type { TestUser } from './given.ts'

export async function threadsOf({ as, given, rows }: TestDesk) {
  const operator = await given.operator()
  const staff = as(operator)
  return {
    operator,
    staff,

    /** A customer with a login. */
    async portalLogin(): Promise<TestUser & { customer_id: number }> {
      const user = await given.user()
      return { ...user, customer_id: await given.own(user) }
    },

    async opened(user: TestUser) {
      const { status, body } = await as(user)(openTicket, {
        body: { subject: 'Winter', message: 'It is cold' },
      })
      expect(status).toBe(201)
      return body
    },

    async completed(ticketId: number) {
      await staff(assignRequest, { params: { id: operator.id, request_id: ticketId } })
      const { body } = await staff(closeRequest, {
        params: { id: ticketId },
        body: { status: 'COMPLETED', resolution_comment: 'Keep warm' },
      })
      return body
    },

    say: (user: TestUser, id: number, message = 'And colder', internal = false) =>
      as(user)(createPost, { params: { id }, body: { message, ...(internal ? { internal } : {}) } }),

    /** What was done to a record, in order. */
    async actionsOf(type: string, id: number): Promise<string[]> {
      const events = await rows<{ action: string }>(
        'select action from audit_events where record_type = $1 and record_id = $2 order by id',
        [type, id],
      )
      return events.map(({ action }) => action)
    },
  }
}
