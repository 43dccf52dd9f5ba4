// For every endpoint a call that works, as an admin, with what it needs made before: for tests that are about all of them. A
// record is as it was made, at version 1, wherever the call works on that.
import { type Endpoint, endpoints } from '../../contract/index.ts'
import type { TestDesk } from './desk.ts'
import type { TestUser } from './given.ts'
import { sendTo } from './send.ts'

export interface WorkingCall {
  readonly params?: Readonly<Record<string, number>>
  readonly body?: object
}

/** The password of the caller that `workingCaller` makes. */
const password = 'keep-yourself-warm'

export const workingCaller = ({ given }: TestDesk): Promise<TestUser> =>
  given.user({ role: 'admin', password })

/** Throws for an endpoint that nobody has told how to call. */
export async function workingCall(
  desk: TestDesk,
  endpoint: Endpoint,
  caller: TestUser,
): Promise<WorkingCall> {
  const make = calls[endpoint.schema.operationId]
  if (!make) throw new Error(`test/support/working-calls.ts does not know ${endpoint.schema.operationId}`)
  return make(desk, caller)
}

/** Those that a caller who is signed in may send, and that answer JSON or nothing. */
export const callable: readonly Endpoint[] = endpoints.filter(
  ({ config }) => config.access !== 'anyone' && config.produces === undefined,
)

type Make = (desk: TestDesk, caller: TestUser) => WorkingCall | Promise<WorkingCall>

const nothing: Make = () => ({})
const customer: Make = async ({ given }) => ({ params: { id: (await given.customer()).id } })
const request: Make = async ({ given }) => ({ params: { id: (await given.request()).id } })

const calls: Readonly<Record<string, Make>> = {
  getMe: nothing,
  updateMe: () => ({ body: { first_name: 'Me' } }),
  changeMyPassword: () => ({
    body: { current_password: password, new_password: 'and-stay-warm-all-winter' },
  }),
  listMyTokens: nothing,
  listEvents: nothing,
  streamEvents: nothing,
  revokeMyToken: async ({ given, rows }, caller) => {
    const other = await given.user()
    const [spare] = await rows<{ id: number }>(
      'update tokens set user_id = $1 where user_id = $2 returning id',
      [caller.id, other.id],
    )
    return { params: { id: spare?.id ?? 0 } }
  },

  createCustomer: () => ({ body: { first_name: 'Ed', last_name: 'Stark' } }),
  listCustomers: nothing,
  getCustomer: customer,
  updateCustomer: async (...given) => ({ ...(await customer(...given)), body: { first_name: 'Ned' } }),
  archiveCustomer: customer,
  restoreCustomer: async (desk, caller) => {
    const call = await customer(desk, caller)
    const id = call.params?.['id'] ?? 0
    await sendTo(desk.url, {
      method: 'DELETE',
      path: `/api/v1/customers/${id}`,
      headers: { authorization: `Bearer ${caller.token}` },
    })
    return call
  },

  createOperator: () => ({ body: { first_name: 'Jennie', last_name: 'Lanister' } }),
  listOperators: nothing,
  getOperator: async ({ given }) => ({ params: { id: (await given.operator()).id } }),

  createRequest: async (...given) => ({ ...(await customer(...given)), body: { body: 'Winter is coming' } }),
  listCustomerRequests: customer,
  listRequests: nothing,
  getRequest: request,
  editRequest: async (...given) => ({ ...(await request(...given)), body: { body: 'Summer is coming' } }),
  closeRequest: async (...given) => ({
    ...(await request(...given)),
    body: { status: 'REJECTED', resolution_comment: 'Keep warm' },
  }),
  archiveRequest: async ({ given }) => ({
    params: { id: (await given.request({ status: 'COMPLETED' })).id },
  }),
  assignRequest: async ({ given }) => ({
    params: { id: (await given.operator()).id, request_id: (await given.request()).id },
  }),
}
