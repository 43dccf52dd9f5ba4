// Who may do what, for every route there is: each cell of the table is tried for real. A route without a row fails.
import { randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import {
  archiveRequest,
  closeRequest,
  deleteClient,
  type Endpoint,
  endpoints,
  requestFor,
} from '../contract/index.ts'
import { readConfig } from '../server/config.ts'
import { requireAccess } from '../server/http/access.ts'
import { openTestDesk, type TestDesk } from './support/desk.ts'
import type { TestUser } from './support/given.ts'
import { asUpload, picture } from './support/photos.ts'
import { sendTo } from './support/send.ts'

/** What the path names: nothing, a live record, an archived one, somebody else's, or none at all. */
type ObjectKind = 'none' | 'live' | 'archived' | 'others' | 'absent'

/** Answers for: no credentials, customer, operator, admin. */
type Row = readonly [anonymous: number, customer: number, operator: number, admin: number]

const staffOnly = (status: number): Row => [401, 403, status, status]
const adminOnly = (status: number): Row => [401, 403, 403, status]
const everyUser = (status: number): Row => [401, status, status, status]
/** Of another customer: for customers it is not there. */
const others = (status: number): Row => [401, 404, status, status]
const anyone = (status: number): Row => [status, status, status, status]

const matrix: Readonly<Record<string, Partial<Record<ObjectKind, Row>>>> = {
  createToken: { none: anyone(401) },
  signUp: { none: anyone(201) },
  // No page of ours sends these.
  createSession: { none: anyone(403) },
  deleteSession: { none: everyUser(204) },
  signOutEverywhere: { none: everyUser(204) },
  reauthenticateMe: { none: everyUser(422) },
  listMySessions: { none: everyUser(200) },
  endMySession: { live: everyUser(204), others: everyUser(404), absent: everyUser(404) },
  setUp: { none: anyone(404) },
  getMe: { none: everyUser(200) },
  updateMe: { none: everyUser(200) },
  changeMyPassword: { none: everyUser(422) },
  listMyTokens: { none: everyUser(200) },
  listEvents: { none: everyUser(200) },
  streamEvents: { none: everyUser(200) },
  listMyGrants: { none: everyUser(200) },
  revokeMyGrant: { live: everyUser(204), others: everyUser(404), absent: everyUser(404) },
  revokeMyToken: { live: everyUser(204), others: everyUser(404), absent: everyUser(404) },

  createCustomer: { none: staffOnly(201) },
  listCustomers: { none: staffOnly(200) },
  getCustomer: { live: staffOnly(200), archived: staffOnly(200), absent: staffOnly(404) },
  listCustomerHistory: { live: staffOnly(200), archived: staffOnly(200), absent: staffOnly(404) },
  updateCustomer: { live: staffOnly(200), archived: staffOnly(409), absent: staffOnly(404) },
  archiveCustomer: { live: staffOnly(204), archived: staffOnly(204), absent: staffOnly(404) },
  restoreCustomer: { live: staffOnly(200), archived: staffOnly(200), absent: staffOnly(404) },

  getCustomerPhoto: { live: staffOnly(200), archived: staffOnly(200), absent: staffOnly(404) },
  setCustomerPhoto: { live: staffOnly(200), archived: staffOnly(409), absent: staffOnly(404) },
  removeCustomerPhoto: { live: staffOnly(204), archived: staffOnly(409), absent: staffOnly(404) },

  createOperator: { none: [401, 403, 403, 201] },
  listOperators: { none: staffOnly(200) },
  getOperator: { live: staffOnly(200), archived: staffOnly(200), absent: staffOnly(404) },

  createRequest: { live: staffOnly(201), archived: staffOnly(409), absent: staffOnly(404) },
  listCustomerRequests: { live: staffOnly(200), archived: staffOnly(200), absent: staffOnly(404) },
  listRequests: { none: staffOnly(200) },
  getRequest: { live: staffOnly(200), archived: staffOnly(200), absent: staffOnly(404) },
  listRequestHistory: { live: staffOnly(200), archived: staffOnly(200), absent: staffOnly(404) },
  editRequest: { live: staffOnly(200), archived: staffOnly(409), absent: staffOnly(404) },
  closeRequest: { live: staffOnly(200), archived: staffOnly(409), absent: staffOnly(404) },
  archiveRequest: { live: staffOnly(409), archived: staffOnly(204), absent: staffOnly(404) },
  assignRequest: { live: staffOnly(200), archived: staffOnly(409), absent: staffOnly(404) },

  search: { none: everyUser(200) },
  listTickets: { none: everyUser(200) },
  listInbox: { none: staffOnly(200) },
  openTicket: { none: [401, 201, 403, 403] },
  openNewTicket: { none: [401, 201, 403, 403] },
  getTicket: { live: everyUser(200), archived: everyUser(200), others: others(200), absent: everyUser(404) },
  updateTicket: { live: staffOnly(200), archived: staffOnly(409), absent: staffOnly(404) },
  listPosts: { live: everyUser(200), archived: everyUser(200), others: others(200), absent: everyUser(404) },
  createPost: { live: everyUser(201), archived: everyUser(409), others: others(201), absent: everyUser(404) },
  replyToTicket: {
    live: everyUser(201),
    archived: everyUser(409),
    others: others(201),
    absent: everyUser(404),
  },
  getPost: { live: everyUser(200), archived: everyUser(200), others: others(200), absent: everyUser(404) },
  updatePost: { live: everyUser(200), archived: everyUser(409), others: others(403), absent: everyUser(404) },
  deletePost: { live: everyUser(204), archived: everyUser(409), others: others(403), absent: everyUser(404) },
  listPostHistory: { live: staffOnly(200), archived: staffOnly(200), absent: staffOnly(404) },
  getAttachment: {
    live: everyUser(200),
    archived: everyUser(200),
    others: others(200),
    absent: everyUser(404),
  },

  createClient: { none: adminOnly(201) },
  listClients: { none: adminOnly(200) },
  getClient: { live: adminOnly(200), archived: adminOnly(404), absent: adminOnly(404) },
  updateClient: { live: adminOnly(200), archived: adminOnly(404), absent: adminOnly(404) },
  rotateClientSecret: { live: adminOnly(200), archived: adminOnly(404), absent: adminOnly(404) },
  deleteClient: { live: adminOnly(204), archived: adminOnly(404), absent: adminOnly(404) },

  createUser: { none: adminOnly(201) },
  listUsers: { none: adminOnly(200) },
  getUser: { live: adminOnly(200), archived: adminOnly(200), absent: adminOnly(404) },
  updateUser: { live: adminOnly(200), archived: adminOnly(200), absent: adminOnly(404) },
  disableUser: { live: adminOnly(204), archived: adminOnly(204), absent: adminOnly(404) },
  signOutUser: { live: adminOnly(204), archived: adminOnly(204), absent: adminOnly(404) },
  enableUser: { live: adminOnly(200), archived: adminOnly(200), absent: adminOnly(404) },
  inviteUser: { live: adminOnly(200), archived: adminOnly(409), absent: adminOnly(404) },

  forgotPassword: { none: anyone(202) },
  resetPassword: { none: anyone(400) },
  acceptInvitation: { none: anyone(400) },
  changeMyEmail: { none: everyUser(202) },
  confirmEmail: { none: everyUser(400) },

  listAuditEvents: { none: [401, 403, 403, 200] },

  health: { none: anyone(200) },
  livez: { none: anyone(200) },
  // Without credentials it is a program on this machine; whoever shows some is judged by them.
  metrics: { none: [401, 403, 403, 200] },
  readyz: { none: anyone(200) },
}

const bodies: Readonly<Record<string, object>> = {
  createToken: { username: 'nobody', password: 'wrong' },
  createSession: { username: 'nobody', password: 'wrong' },
  signUp: {
    // Another one each time that it is sent.
    get username() {
      return `lyly-${randomUUID()}`
    },
    email: 'lyly@yopmail.com',
    password: 'keep-yourself-warm',
  },
  reauthenticateMe: { password: 'wrong' },
  setUp: { token: 'fds_unknown', username: 'root', password: 'keep-yourself-warm' },
  updateMe: { first_name: 'Me' },
  changeMyPassword: { current_password: 'wrong', new_password: 'keep-yourself-warm' },
  createCustomer: { first_name: 'Ed', last_name: 'Stark' },
  updateCustomer: { first_name: 'Ned' },
  createOperator: { first_name: 'Jennie', last_name: 'Lanister' },
  createRequest: { body: 'Winter is coming' },
  openTicket: { subject: 'Winter', message: 'It is cold here' },
  openNewTicket: { subject: 'Winter', message: 'It is cold here' },
  updateTicket: { priority: 'high' },
  createPost: { message: 'It is cold here' },
  replyToTicket: { message: 'It is cold here' },
  updatePost: { message: 'It is colder' },
  editRequest: { body: 'Summer is coming' },
  closeRequest: { status: 'COMPLETED', resolution_comment: 'Keep warm' },
  createUser: {
    username: 'jon',
    email: 'jon@wall.example',
    first_name: 'Jon',
    last_name: 'Snow',
    role: 'operator',
  },
  updateUser: { first_name: 'Jon' },
  createClient: {
    name: 'Invoices',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    role: 'operator',
    scopes: ['customers:read'],
  },
  updateClient: { name: 'Bills' },
  forgotPassword: { email: 'nobody@winterfell.example' },
  resetPassword: { token: 'fdm_unknown', password: 'keep-yourself-warm' },
  acceptInvitation: { token: 'fdm_unknown', password: 'keep-yourself-warm' },
  changeMyEmail: { email: 'me@winterfell.example' },
  confirmEmail: { token: 'fdm_unknown' },
}

const queries: Readonly<Record<string, object>> = { search: { q: 'winter' } }

const uploads: Readonly<Record<string, Blob>> = { setCustomerPhoto: asUpload(await picture()) }

const desk = await openTestDesk()
const { given, rows } = desk
const absentId = 999_999

/** The parameters of a path for a record of this kind, made anew for every cell. */
async function paramsFor(
  endpoint: Endpoint,
  kind: ObjectKind,
  caller: TestUser,
): Promise<Record<string, number>> {
  if (kind === 'none') return {}
  if (endpoint.url.includes('/tokens/')) return { id: await tokenId(kind, caller) }
  if (endpoint.url.includes('/grants/')) return { id: await grantId(kind, caller) }
  if (endpoint.url.includes('/oauth/clients/')) return { id: await clientId(kind) }
  if (endpoint.url.includes('/sessions/')) return { id: await sessionId(kind, caller) }
  if (endpoint.url.includes(':request_id'))
    return { id: (await given.operator()).id, request_id: await requestId(kind) }
  if (endpoint.url.includes('/users/')) return { id: await userId(kind) }
  if (endpoint.url.includes('/operators/')) return { id: await operatorId(kind) }
  if (endpoint.url.includes('/tickets/')) return { id: await ticketId(kind, caller) }
  if (endpoint.url.includes('/attachments/')) return { id: await attachmentId(kind, caller) }
  if (endpoint.url.includes('/posts/')) return { id: await postId(kind, caller) }
  if (endpoint.url.includes('/customers/')) return { id: await customerId(kind, endpoint.url) }
  return { id: await requestId(kind) }
}

async function tokenId(kind: ObjectKind, caller: TestUser) {
  if (kind === 'absent') return absentId
  const holder = kind === 'others' ? await given.admin() : caller
  const [token] = await rows<{ id: number }>('select id from tokens where user_id = $1', [holder.id])
  return token?.id ?? 0
}

async function grantId(kind: ObjectKind, caller: TestUser) {
  if (kind === 'absent') return absentId
  return (await given.grant(kind === 'others' ? await given.admin() : caller)).id
}

async function clientId(kind: ObjectKind) {
  if (kind === 'absent') return absentId
  const { id } = await given.client()
  if (kind === 'archived') await desk.as(await given.admin())(deleteClient, { params: { id } })
  return id
}

async function sessionId(kind: ObjectKind, caller: TestUser) {
  if (kind === 'absent') return absentId
  const { id } = await given.session(kind === 'others' ? await given.admin() : caller)
  return id
}

async function userId(kind: ObjectKind) {
  if (kind === 'absent') return absentId
  const { id } = await given.invited()
  if (kind === 'archived') await rows('update users set disabled_at = now() where id = $1', [id])
  return id
}

async function operatorId(kind: ObjectKind) {
  if (kind === 'absent') return absentId
  const { id } = await given.operator()
  if (kind === 'archived') await rows('update users set disabled_at = now() where id = $1', [id])
  return id
}

async function customerId(kind: ObjectKind, url: string) {
  if (kind === 'absent') return absentId
  const { id } = await (url.endsWith('/photo') ? given.photographed() : given.customer())
  if (kind === 'archived') await rows('update customers set archived_at = now() where id = $1', [id])
  return id
}

async function requestId(kind: ObjectKind) {
  if (kind === 'absent') return absentId
  const request = await given.request(
    kind === 'archived' ? { status: 'COMPLETED', archived: true } : { status: 'IN_PROGRESS' },
  )
  return request.id
}

/** A customer's own, but of `others`; the staff has none. */
async function ticketId(kind: ObjectKind, { id, role }: TestUser) {
  if (kind === 'absent') return absentId
  const isOwn = role === 'customer' && kind !== 'others'
  const request = await given.request({
    ...(kind === 'archived' ? { status: 'COMPLETED', archived: true } : { status: 'IN_PROGRESS' }),
    ...(isOwn ? { customer_id: await given.own({ id }) } : {}),
  })
  return request.id
}

async function attachmentId(kind: ObjectKind, caller: TestUser) {
  if (kind === 'absent') return absentId
  const ticket_id = await ticketId(kind === 'others' ? 'others' : 'live', caller)
  const { attachments } = await given.attached(kind === 'others' ? await given.operator() : caller, {
    ticket_id,
  })
  if (kind === 'archived') await archive(ticket_id)
  return attachments[0]?.id ?? 0
}

/** As the staff does it, once the ticket is done. */
async function archive(ticket_id: number) {
  const operator = desk.as(await given.operator())
  const done = { status: 'COMPLETED', resolution_comment: 'Done' } as const
  await operator(closeRequest, { params: { id: ticket_id }, body: done })
  await operator(archiveRequest, { params: { id: ticket_id } })
}

async function postId(kind: ObjectKind, caller: TestUser) {
  if (kind === 'absent') return absentId
  const ticket_id = await ticketId(kind === 'others' ? 'others' : 'live', caller)
  const { id } = await given.post(kind === 'others' ? await given.operator() : caller, { ticket_id })
  if (kind === 'archived') await archive(ticket_id)
  return id
}

async function statusOf(
  at: TestDesk,
  endpoint: Endpoint,
  kind: ObjectKind,
  role: 'anonymous' | TestUser['role'],
) {
  const caller = await given.user({ role: role === 'anonymous' ? 'customer' : role })
  const { operationId } = endpoint.schema
  const { method, path, headers, body } = requestFor(endpoint, {
    params: await paramsFor(endpoint, kind, caller),
    query: queries[operationId],
    body: bodies[operationId],
    upload: uploads[operationId],
  } as never)
  const { status } = await sendTo(at.url, {
    method,
    path,
    headers: { ...headers, ...(role === 'anonymous' ? {} : { authorization: `Bearer ${caller.token}` }) },
    body,
  })
  return status
}

test('S02 the table is of a desk as it comes: nothing is configured that opens a door', () => {
  const config = readConfig({ PUBLIC_URL: 'http://desk.test' })
  expect(desk.ctx.config).toEqual({ ...config, rateLimit: false, logLevel: 'silent' })
})

test('every route has its row in the table, and the table no row of a route that is gone', () => {
  expect(Object.keys(matrix).sort()).toEqual(endpoints.map((endpoint) => endpoint.schema.operationId).sort())
})

test('every route whose path names a record is tried with an absent one too', () => {
  for (const endpoint of endpoints) {
    const kinds = Object.keys(matrix[endpoint.schema.operationId] ?? {})
    expect(kinds.includes('absent'), endpoint.schema.operationId).toBe(endpoint.url.includes(':'))
  }
})

describe.each(endpoints.map((endpoint) => [endpoint.schema.operationId, endpoint] as const))(
  '%s',
  (operationId, endpoint) => {
    const cells = Object.entries(matrix[operationId] ?? {}).flatMap(([kind, row]) =>
      (['anonymous', 'customer', 'operator', 'admin'] as const).map(
        (role, column) => [kind as ObjectKind, role, row[column]] as const,
      ),
    )
    test.each(cells)('S01, S02 %s record, %s: %i', async (kind, role, expected) => {
      expect(await statusOf(desk, endpoint, kind, role)).toBe(expected)
    })
  },
)

test('a route that does not say who may call it stops the server from starting', () => {
  const app = Fastify()
  requireAccess(app)
  expect(() => app.get('/api/v1/forgotten', () => 'open to all')).toThrow(/does not say who may call it/)
  expect(() => app.get('/api/v1/said', { config: { access: 'anyone' } }, () => 'open to all')).not.toThrow()
})
