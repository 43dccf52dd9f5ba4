// What is measured: a call of the API, and the very SQL that Frontdesk sends for it, for pgbench.
import { findCustomer, insertCustomer } from '../server/customers/customer-repository.ts'
import type { Database, Query } from '../server/db/database.ts'
import { assignTicket } from '../server/tickets/ticket-repository.ts'
import { pageOfInbox, pageOfRequests } from '../server/tickets/ticket-views-repository.ts'
import { attaching } from '../server/tickets/attachment-repository.ts'
import { insertReply } from '../server/tickets/post-repository.ts'
import { reopenDays, ticketStatesFor } from '../server/tickets/ticket-rules.ts'

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly status: number
  /** The next call: method, path and body. */
  readonly next: () => Call
  /** The statement, with `:name` for each value that changes, and how pgbench makes those; none where it takes several. */
  readonly sql?: { readonly query: Query; readonly variables: readonly string[] }
}

export interface Call {
  readonly method: string
  readonly path: string
  readonly body?: string
  /** Beside those that every call bears. */
  readonly headers?: Readonly<Record<string, string>>
}

/** One real answer, for the bare server to repeat. */
export interface Sample {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Rows {
  readonly customers: number
  /** Live requests that are being worked on, by number from first to last. */
  readonly open: { readonly first: number; readonly last: number }
  readonly operators: { readonly first: number; readonly last: number }
}

export async function scenariosFor(rows: Rows): Promise<Scenario[]> {
  const auditing = { actor_id: 1, actor_role: 'admin', request_id: '01234567-89ab-cdef-0123-456789abcdef' }
  const ticket = `\\set ticket random(${rows.open.first}, ${rows.open.last})`
  const anyone = `\\set customer random(1, ${rows.customers})`
  const page = {
    sort: 'created',
    descending: true,
    limit: 50,
    place: undefined,
    searcher: { countedAs: 'bench', isStaff: true },
  }
  let serial = 0

  return [
    {
      name: 'get',
      title: 'GET a customer',
      status: 200,
      next: () => ({ method: 'GET', path: `/api/v1/customers/${random(1, rows.customers)}` }),
      sql: {
        query: await sentBy((db) => findCustomer.first(db, { id: variable('customer') })),
        variables: [anyone],
      },
    },
    {
      name: 'list',
      title: 'GET the newest 50 requests',
      status: 200,
      next: () => ({ method: 'GET', path: '/api/v1/requests' }),
      sql: { query: await sentBy((db) => pageOfRequests(db, { live: true }, page)), variables: [] },
    },
    {
      name: 'list-pending',
      title: 'GET the newest 50 PENDING requests',
      status: 200,
      next: () => ({ method: 'GET', path: '/api/v1/requests?status=PENDING' }),
      sql: {
        query: await sentBy((db) => pageOfRequests(db, { live: true, status: 'PENDING' }, page)),
        variables: [],
      },
    },
    {
      name: 'create',
      title: 'POST a customer',
      status: 201,
      next: () => ({ method: 'POST', path: '/api/v1/customers', body: newCustomer((serial += 1)) }),
      sql: {
        query: await sentBy((db) =>
          insertCustomer.all(db, {
            first_name: 'New',
            last_name: 'Customer',
            phone: variable('phone'),
            email: null,
            company: 'Bench Ltd',
            external_id: null,
            photo_key: null,
            photo_large_hash: null,
            photo_small_hash: null,
            ...auditing,
          }),
        ),
        // No number twice: each client counts on from where it began, far above what Frontdesk is given.
        variables: ['\\set n :n + 1', '\\set phone 12126000000 + :slice * 100000 + :client_id * 12000 + :n'],
      },
    },
    {
      name: 'create-keyed',
      title: 'POST a customer, with an Idempotency-Key',
      status: 201,
      next: () => ({
        method: 'POST',
        path: '/api/v1/customers',
        headers: { 'idempotency-key': `bench ${Math.random()}` },
        body: newCustomer((serial += 1)),
      }),
    },
    {
      name: 'assign',
      title: 'PATCH: give a request to an operator',
      status: 200,
      next: () => ({
        method: 'PATCH',
        path: `/api/v1/operators/${random(rows.operators.first, rows.operators.last)}/requests/${random(rows.open.first, rows.open.last)}`,
      }),
      sql: {
        query: await sentBy((db) =>
          assignTicket.first(db, {
            id: variable('ticket'),
            operator_id: variable('operator'),
            from: ticketStatesFor('assign'),
            ...auditing,
          }),
        ),
        variables: [ticket, `\\set operator random(${rows.operators.first}, ${rows.operators.last})`],
      },
    },
    {
      name: 'inbox',
      title: 'GET the 50 most urgent of what is open',
      status: 200,
      next: () => ({ method: 'GET', path: '/api/v1/inbox?whose=all' }),
      sql: {
        query: await sentBy((db) =>
          pageOfInbox(db, { open: true }, { ...page, sort: 'priority', descending: false }),
        ),
        variables: [],
      },
    },
    {
      name: 'reply',
      title: 'POST a reply',
      status: 201,
      next: () => ({
        method: 'POST',
        path: `/api/v1/tickets/${random(rows.open.first, rows.open.last)}/posts`,
        body: JSON.stringify({ message: 'Put on a coat.' }),
      }),
      sql: {
        query: await sentBy((db) =>
          insertReply.first(db, {
            ticket_id: variable('ticket'),
            message: 'Put on a coat.',
            seen_by: null,
            from: ticketStatesFor('say'),
            reopen_from: [],
            reopen_days: reopenDays,
            ...attaching([]),
            ...auditing,
          }),
        ),
        variables: [ticket],
      },
    },
  ]
}

/** Stands for a value that pgbench makes anew each time. */
const variable = (name: string) => `:${name}` as never

const random = (first: number, last: number) => first + Math.floor(Math.random() * (last - first + 1))

const newCustomer = (serial: number) =>
  JSON.stringify({
    first_name: 'New',
    last_name: 'Customer',
    phone: `+1${2_122_000_000 + serial}`,
    company: 'Bench Ltd',
  })

/** The statement that a repository sends when it is asked again and again: a long list is counted only now and then. */
async function sentBy(work: (db: Database) => Promise<unknown>): Promise<Query> {
  let query: Query | undefined
  const db: Database = {
    query: async (sent) => {
      query = sent
      return { rows: [{ list_count: Number.MAX_SAFE_INTEGER, list_key: null }] }
    },
  }
  await work(db)
  await work(db)
  if (!query) throw new Error('No statement was sent')
  return query
}

/** The bytes of a call. */
export function toHttp({ method, path, body, headers = {} }: Call, token: string): string {
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\naccept: application/json\r\n${more.join('')}`
  return body === undefined
    ? `${head}\r\n`
    : `${head}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

const perConnection = ['connection', 'keep-alive', 'date', 'transfer-encoding']

/** Calls once, and answers what the bare server shall repeat. */
export async function sampleOf({ next, status }: Scenario, port: number, token: string): Promise<Sample> {
  const { method, path, body, headers: own } = next()
  const headers = {
    ...own,
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body: body ?? null })
  const text = await answer.text()
  if (answer.status !== status) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
  return {
    status,
    headers: Object.fromEntries([...answer.headers].filter(([name]) => !perConnection.includes(name))),
    body: text,
  }
}
