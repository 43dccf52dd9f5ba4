// Links (HAL): every record in every state, seen by every role. Each action that is offered works, and each that is not
// offered is refused, or has nothing left to do.
import { describe, expect, test } from 'vitest'
import {
  archiveCustomer,
  archiveRequest,
  assignRequest,
  atLeast,
  changeMyEmail,
  changeMyPassword,
  closeRequest,
  createPost,
  createRequest,
  deletePost,
  disableUser,
  editRequest,
  enableUser,
  type Endpoint,
  getRequest,
  inviteUser,
  type Link,
  type RecordName,
  records,
  removeCustomerPhoto,
  restoreCustomer,
  type Role,
  roles,
  setCustomerPhoto,
  type TicketStatus,
  ticketStatuses,
  rotateClientSecret,
  updateClient,
  deleteClient,
  updateCustomer,
  updateMe,
  updatePost,
  updateTicket,
  updateUser,
  endpoints,
} from '../contract/index.ts'
import { prefersHal } from '../server/http/hal.ts'
import { openTestDesk } from './support/desk.ts'
import type { TestUser } from './support/given.ts'
import { asUpload, picture } from './support/photos.ts'
import { sendTo } from './support/send.ts'

const desk = await openTestDesk()
const { given } = desk
const accept = 'application/hal+json'

interface Action {
  readonly endpoint: Endpoint
  readonly body?: object | Blob
}

/** All that can be done to a record, by the relation of its link. */
const actions: Readonly<Record<RecordName, Readonly<Record<string, Action>>>> = {
  client: {
    update: { endpoint: updateClient, body: { name: 'Bills' } },
    rotate_secret: { endpoint: rotateClientSecret },
    delete: { endpoint: deleteClient },
  },
  customer: {
    update: { endpoint: updateCustomer, body: { first_name: 'Ned' } },
    log_request: { endpoint: createRequest, body: { body: 'Winter is coming' } },
    set_photo: { endpoint: setCustomerPhoto, body: asUpload(await picture()) },
    remove_photo: { endpoint: removeCustomerPhoto },
    archive: { endpoint: archiveCustomer },
    restore: { endpoint: restoreCustomer },
  },
  request: {
    assign: { endpoint: assignRequest },
    edit: { endpoint: editRequest, body: { body: 'Summer is coming' } },
    complete: { endpoint: closeRequest, body: { status: 'COMPLETED', resolution_comment: 'Done' } },
    reject: { endpoint: closeRequest, body: { status: 'REJECTED', resolution_comment: 'No' } },
    archive: { endpoint: archiveRequest },
  },
  me: {
    update: { endpoint: updateMe, body: { first_name: 'Me' } },
    change_password: {
      endpoint: changeMyPassword,
      body: { current_password: 'keep-yourself-warm', new_password: 'and-stay-warm-all-winter' },
    },
    change_email: { endpoint: changeMyEmail, body: { email: 'me@winterfell.example' } },
  },
  operator: {},
  post: {
    edit: { endpoint: updatePost, body: { message: 'It is colder' } },
    delete: { endpoint: deletePost },
  },
  ticket: {
    assign: { endpoint: assignRequest },
    complete: { endpoint: closeRequest, body: { status: 'COMPLETED', resolution_comment: 'Done' } },
    reject: { endpoint: closeRequest, body: { status: 'REJECTED', resolution_comment: 'No' } },
    archive: { endpoint: archiveRequest },
    update: { endpoint: updateTicket, body: { priority: 'high' } },
    reply: { endpoint: createPost, body: { message: 'It is cold here' } },
  },
  user: {
    update: { endpoint: updateUser, body: { first_name: 'Jon' } },
    disable: { endpoint: disableUser },
    enable: { endpoint: enableUser },
    invite: { endpoint: inviteUser },
  },
}

type Make = (caller: TestUser) => Promise<number>
const inState =
  (status: TicketStatus, archived = false): Make =>
  async () =>
    (await given.request({ status, archived })).id

/** Customers have tickets of their own. */
async function ticketOf(caller: TestUser, status: TicketStatus = 'PENDING', archived = false) {
  const own = caller.role === 'customer' ? { customer_id: await given.own(caller) } : {}
  return (await given.request({ status, archived, ...own })).id
}

const ticketIn =
  (status: TicketStatus, archived = false): Make =>
  (caller) =>
    ticketOf(caller, status, archived)

/** Every state that a record can be in, and how one gets there. */
const states: Readonly<Record<RecordName, Readonly<Record<string, Make>>>> = {
  client: { registered: async () => (await given.client()).id },
  customer: {
    live: async () => (await given.customer()).id,
    photographed: async () => (await given.photographed()).id,
    'photographed, and archived': async () => {
      const { id } = await given.photographed()
      await desk.as(await given.operator())(archiveCustomer, { params: { id } })
      return id
    },
    archived: async () => {
      const { id } = await given.customer()
      await desk.as(await given.operator())(archiveCustomer, { params: { id } })
      return id
    },
  },
  request: {
    ...Object.fromEntries(ticketStatuses.map((status) => [status, inState(status)])),
    'archived COMPLETED': inState('COMPLETED', true),
    'archived REJECTED': inState('REJECTED', true),
    'archived with its customer': async () => {
      const { id, created_by } = await given.request()
      await desk.as(await given.operator())(archiveCustomer, { params: { id: created_by } })
      return id
    },
  },
  me: { signed_in: async (caller) => caller.id },
  operator: { active: async () => (await given.operator()).id },
  post: {
    'the ask': async (caller) => {
      const ticket_id = await ticketOf(caller)
      const [ask] = await desk.rows<{ id: number }>(
        'update posts set author_id = $2 where ticket_id = $1 returning id',
        [ticket_id, caller.id],
      )
      return ask?.id ?? 0
    },
    'of oneself': async (caller) => (await given.post(caller, { ticket_id: await ticketOf(caller) })).id,
    'of oneself, too old to edit': async (caller) => {
      const { id } = await given.post(caller, { ticket_id: await ticketOf(caller) })
      await desk.rows(
        `with older as (update posts set created_at = created_at - interval '16 minutes' where id = $1 returning *)
         update tickets set last_post_at = greatest(tickets.created_at, older.created_at) from older where tickets.id = older.ticket_id`,
        [id],
      )
      return id
    },
    'of oneself, on an archived ticket': async (caller) => {
      const { id, ticket_id } = await given.post(caller, { ticket_id: await ticketOf(caller, 'COMPLETED') })
      // A customer's answer has brought it back.
      if (caller.role === 'customer')
        await desk.as(await given.operator())(closeRequest, {
          params: { id: ticket_id },
          body: { status: 'COMPLETED', resolution_comment: 'Done' },
        })
      await desk.as(await given.operator())(archiveRequest, { params: { id: ticket_id } })
      return id
    },
    'of somebody else': async (caller) =>
      (await given.post(await given.operator(), { ticket_id: await ticketOf(caller) })).id,
    // For customers these are not there (test/threads.test.ts).
    'a note, deleted': async (caller) => {
      const staff = caller.role !== 'customer'
      const { id } = await given.post(caller, { ticket_id: await ticketOf(caller), internal: staff })
      if (staff) await desk.as(caller)(deletePost, { params: { id } })
      return id
    },
  },
  ticket: {
    ...Object.fromEntries(ticketStatuses.map((status) => [status, ticketIn(status)])),
    'archived COMPLETED': ticketIn('COMPLETED', true),
  },
  user: {
    active: async () => (await newCaller('operator')).id,
    oneself: async (caller) => caller.id,
    invited: async () => (await given.invited()).id,
    'without a login': async () => (await given.operator()).id,
    disabled: async () => {
      const { id } = await given.invited()
      await desk.as(await given.admin())(disableUser, { params: { id } })
      return id
    },
  },
}

const newCaller = (role: Role) => given.user({ role, password: 'keep-yourself-warm' })

async function call(caller: TestUser, method: string, href: string, body?: object | Blob) {
  const answer = await sendTo(desk.url, {
    method,
    path: href,
    headers: {
      accept,
      authorization: `Bearer ${caller.token}`,
      ...(body ? { 'content-type': body instanceof Blob ? body.type : 'application/json' } : {}),
    },
    body: body instanceof Blob ? body : body && JSON.stringify(body),
  })
  const isJson = answer.headers.get('content-type')?.includes('json')
  return { ...answer, body: isJson ? JSON.parse(answer.text) : null }
}

const hrefOf = (name: RecordName, id: number) => records[name].read.url.replace(':id', `${id}`)

async function linksOf(
  caller: TestUser,
  name: RecordName,
  id: number,
): Promise<Record<string, Link> | undefined> {
  const { status, body, headers } = await call(caller, 'GET', hrefOf(name, id))
  if (status === 403) return undefined
  expect([status, headers.get('content-type'), headers.get('vary')]).toEqual([
    200,
    'application/hal+json; charset=utf-8',
    'accept',
  ])
  return body._links
}

/** A link's URL, and what an action's URL would be where no link is offered. */
function urlOf({ endpoint }: Action, id: number, operator: number) {
  return endpoint.url
    .replace(':request_id', `${id}`)
    .replace(':id', `${endpoint === assignRequest ? operator : id}`)
}

const fillIn = (href: string, operator: number) => href.replace('{id}', `${operator}`)

const cells = (Object.keys(records) as RecordName[]).flatMap((name) =>
  Object.keys(states[name]).flatMap((state) => roles.map((role) => [name, state, role] as const)),
)

describe.each(cells)('%s, %s, as %s', (name, state, role) => {
  const make = states[name][state] as Make

  test('each link leads somewhere', async () => {
    const caller = await newCaller(role)
    const links = await linksOf(caller, name, await make(caller))
    expect(links !== undefined).toBe(atLeast(role, records[name].read.config.access))
    for (const [relation, link] of Object.entries(links ?? {})) {
      expect(Object.keys(link).sort(), relation).toEqual(
        ['href', 'method', 'title', ...('templated' in link ? ['templated'] : [])].sort(),
      )
      if (link.method === 'GET') expect((await call(caller, 'GET', link.href)).status, relation).toBe(200)
      else expect(Object.keys(actions[name]), relation).toContain(relation)
    }
  })

  for (const [relation, action] of Object.entries(actions[name])) {
    test(`${relation} works where it is offered, and is refused where it is not`, async () => {
      const caller = await newCaller(role)
      const id = await make(caller)
      const operator = (await given.operator()).id
      const link = (await linksOf(caller, name, id))?.[relation]
      if (link) {
        expect(link.method).toBe(action.endpoint.method)
        const done = await call(caller, link.method, fillIn(link.href, operator), action.body)
        expect(done.status).toBe(Number(Object.keys(action.endpoint.schema.response)[0]))
        return
      }
      const admin = await given.admin()
      const before = (await call(admin, 'GET', hrefOf(name, id))).body
      const refused = await call(caller, action.endpoint.method, urlOf(action, id, operator), action.body)
      const after = (await call(admin, 'GET', hrefOf(name, id))).body
      expect(after).toEqual(before)
      // Archiving what is archived, restoring what is live, removing a photo that is none and the like is done already and answers so.
      if (refused.status >= 300) expect([403, 409]).toContain(refused.status)
      else expect(['archive', 'restore', 'remove_photo', 'disable', 'enable', 'delete']).toContain(relation)
    })
  }
})

test('the walk covers every action of the contract that changes a record', () => {
  for (const endpoint of endpoints.filter(({ config }) => config.changes)) {
    const known = Object.values(actions[endpoint.config.changes as RecordName]).map(
      (action) => action.endpoint,
    )
    expect(known, endpoint.schema.operationId).toContain(endpoint)
  }
})

test('a list has links of its own, and of each record; what a caller may not make is not offered', async () => {
  await given.request()
  await given.request()
  const [operator, admin] = [await given.operator(), await given.admin()]
  const { body, headers } = await call(operator, 'GET', '/api/v1/requests?limit=1')
  expect(headers.get('content-type')).toBe('application/hal+json; charset=utf-8')
  expect(Object.keys(body._links)).toEqual(['self', 'next'])
  expect(body.results[0]._links.assign.templated).toBe(true)
  const second = (await call(operator, 'GET', body._links.next.href)).body
  expect(Object.keys(second._links)).toContain('prev')
  expect(second.results[0].id).not.toBe(body.results[0].id)

  expect((await call(operator, 'GET', '/api/v1/operators')).body._links.create).toBeUndefined()
  expect((await call(admin, 'GET', '/api/v1/operators')).body._links.create).toEqual({
    href: '/api/v1/operators',
    method: 'POST',
    title: 'Create an operator',
  })
  expect((await call(operator, 'GET', '/api/customers')).body._links.create.method).toBe('POST')
  expect((await call(operator, 'GET', '/api/v1/me/tokens')).body._links.self.href).toBe('/api/v1/me/tokens')
})

test('answers to changes have links too, of the state that they led to', async () => {
  const operator = await given.operator()
  const { id } = await given.request()
  const { body } = await call(operator, 'PATCH', `/api/v1/operators/${operator.id}/requests/${id}`)
  expect(Object.keys(body._links)).toEqual([
    'self',
    'ticket',
    'history',
    'customer',
    'operator',
    'assign',
    'complete',
    'reject',
    'edit',
  ])
})

test('plain JSON has no links, and is as small as ever', async () => {
  const operator = await given.operator()
  const { id } = await given.request()
  const { body } = await desk.as(operator)(getRequest, { params: { id } })
  expect(body).not.toHaveProperty('_links')
})

test.each([
  ['application/hal+json', true],
  ['application/hal+json;q=0.9, */*;q=0.1', true],
  ['Application/HAL+JSON', true],
  ['application/json, application/hal+json', true],
  ['application/json, application/hal+json;q=0.5', false],
  ['application/hal+json;q=0', false],
  ['application/json', false],
  ['*/*', false],
  ['', false],
  ['application/hal+jsonx', false],
])('Accept %s prefers links: %s', (header, expected) => {
  expect(prefersHal(header)).toBe(expected)
})
