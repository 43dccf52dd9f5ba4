// For every endpoint a call that works, as an admin or who else may, with what it needs made before: for tests that are about all of them. A
// record is as it was made, at version 1, wherever the call works on that.
import { randomUUID } from 'node:crypto'
import { type Endpoint, endpoints } from '../../contract/index.ts'
import { newSecret } from '../../server/credentials/secrets.ts'
import type { TestDesk } from './desk.ts'
import type { TestUser } from './given.ts'
import { asUpload, picture } from './photos.ts'
import { sendTo } from './send.ts'

export interface WorkingCall {
  readonly params?: Readonly<Record<string, number>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
  readonly upload?: Blob
}

/** The password of the caller that `workingCaller` makes. */
const password = 'keep-yourself-warm'

export const workingCaller = ({ given }: TestDesk, { config }: Endpoint): Promise<TestUser> =>
  given.user({ role: config.upTo ?? 'admin', password })

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
const photographed: Make = async ({ given }) => ({ params: { id: (await given.photographed()).id } })
const request: Make = async ({ given }) => ({ params: { id: (await given.request()).id } })

const newTicket: Make = async ({ given }, caller) => {
  await given.own(caller)
  return { body: { subject: 'Winter', message: 'It is cold here' } }
}
const post: Make = async ({ given }, caller) => ({
  params: { id: (await given.post(caller, { ticket_id: (await given.request()).id })).id },
})
const client: Make = async ({ given }) => ({ params: { id: (await given.client()).id } })
const user: Make = async ({ given }) => ({ params: { id: (await given.invited()).id } })

const calls: Readonly<Record<string, Make>> = {
  getMe: nothing,
  updateMe: () => ({ body: { first_name: 'Me' } }),
  changeMyPassword: () => ({
    body: { current_password: password, new_password: 'and-stay-warm-all-winter' },
  }),
  reauthenticateMe: () => ({ body: { password } }),
  signOutEverywhere: nothing,
  deleteSession: nothing,
  listMySessions: nothing,
  endMySession: async ({ given }, caller) => ({ params: { id: (await given.session(caller)).id } }),
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
  listAuditEvents: nothing,
  listCustomers: nothing,
  listCustomerHistory: customer,
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

  getCustomerPhoto: photographed,
  setCustomerPhoto: async (...given) => ({
    ...(await customer(...given)),
    upload: asUpload(await picture()),
  }),
  removeCustomerPhoto: photographed,

  createClient: () => ({
    body: {
      name: 'Invoices',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://invoices.example/callback'],
      role: 'operator',
      scopes: ['customers:read'],
    },
  }),
  listClients: nothing,
  getClient: client,
  updateClient: async (...given) => ({ ...(await client(...given)), body: { name: 'Bills' } }),
  rotateClientSecret: client,
  deleteClient: client,
  listMyGrants: nothing,
  revokeMyGrant: async ({ given }, caller) => ({ params: { id: (await given.grant(caller)).id } }),

  createUser: () => ({
    body: {
      username: `jon-${randomUUID()}`,
      email: `${randomUUID()}@wall.example`,
      first_name: 'Jon',
      last_name: 'Snow',
      role: 'operator',
    },
  }),
  listUsers: nothing,
  getUser: user,
  updateUser: async (...given) => ({ ...(await user(...given)), body: { first_name: 'Jon' } }),
  disableUser: user,
  signOutUser: user,
  enableUser: async (desk, caller) => {
    const call = await user(desk, caller)
    const id = call.params?.['id'] ?? 0
    await sendTo(desk.url, {
      method: 'DELETE',
      path: `/api/v1/users/${id}`,
      headers: { authorization: `Bearer ${caller.token}` },
    })
    return call
  },
  inviteUser: user,
  confirmEmail: async ({ given }, caller) => {
    const token = newSecret('mailedLink')
    await given.mailedLink('email_change', token, caller)
    return { body: { token } }
  },
  changeMyEmail: () => ({ body: { email: 'me@winterfell.example' } }),

  createOperator: () => ({ body: { first_name: 'Jennie', last_name: 'Lanister' } }),
  listOperators: nothing,
  getOperator: async ({ given }) => ({ params: { id: (await given.operator()).id } }),

  search: () => ({ query: { q: 'winter' } }),
  listTickets: nothing,
  listInbox: nothing,
  openTicket: newTicket,
  openNewTicket: newTicket,
  getTicket: request,
  updateTicket: async (...given) => ({ ...(await request(...given)), body: { priority: 'high' } }),
  listPosts: request,
  createPost: async (...given) => ({ ...(await request(...given)), body: { message: 'It is cold here' } }),
  replyToTicket: async (...given) => ({ ...(await request(...given)), body: { message: 'It is cold here' } }),
  getPost: post,
  updatePost: async (...given) => ({ ...(await post(...given)), body: { message: 'It is colder' } }),
  deletePost: post,
  listPostHistory: post,
  getAttachment: async ({ given }, caller) => {
    const { attachments } = await given.attached(caller, { ticket_id: (await given.request()).id })
    return { params: { id: attachments[0]?.id ?? 0 } }
  },

  createRequest: async (...given) => ({ ...(await customer(...given)), body: { body: 'Winter is coming' } }),
  listCustomerRequests: customer,
  listRequests: nothing,
  listRequestHistory: request,
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
