// Requests: the staff's view of tickets (brief 000). The record underneath is the ticket and its first post.
import { Type, type Static } from 'typebox'
import { HistoryPage, historyQuery } from './audit.ts'
import { customerParams } from './customers.ts'
import type { Endpoint } from './endpoint.ts'
import {
  archivedAt,
  id,
  listQuery,
  nothing,
  nullable,
  object,
  oneOf,
  oneOfInAnyCase,
  pageOf,
  recordFields,
  showArchived,
  soughtText,
  text,
} from './schema.ts'

const tags = ['Requests'] as const

export const ticketStatuses = ['PENDING', 'IN_PROGRESS', 'COMPLETED', 'REJECTED'] as const
export type TicketStatus = (typeof ticketStatuses)[number]
export const outcomes = ['COMPLETED', 'REJECTED'] as const
export type Outcome = (typeof outcomes)[number]

export const priorities = ['low', 'normal', 'high', 'urgent'] as const
export const Priority = oneOf(priorities, 'How urgent it is.', 'normal')

/** No comma, since lists of tags are written with them; something to see. */
export const tagPattern = '^[^,]*[^,\\s\\u0085][^,]*$'
export const Tags = Type.Array(
  Type.String({
    minLength: 1,
    maxLength: 50,
    pattern: tagPattern,
    description: 'A word or two; kept in small letters.',
    examples: ['winter'],
  }),
  { maxItems: 20, description: 'Words for finding it again, each once.', examples: [['winter']] },
)

const body = text(100_000, 'What is asked.', 'Winter is coming')
const subject = text(
  200,
  'What it is about, in a line; the beginning of the body where none is given.',
  'Winter is coming',
)

export const Request = object(
  {
    body,
    id: id('Number of the request.'),
    created_by: id('The customer who asks.'),
    status: oneOf(ticketStatuses, 'Where the work on it stands.', 'COMPLETED'),
    processed_by: nullable(id('The operator it is given to, or null.')),
    resolution_comment: nullable(
      text(10_000, 'What came of it; null until it is completed or rejected.', 'Keep yourself warm'),
    ),
    subject,
    priority: Priority,
    tags: Tags,
    ...recordFields,
    archived_at: archivedAt,
  },
  { $id: 'Request', description: 'One ask of one customer, moved forward by operators.' },
)
export type Request = Static<typeof Request>

const NewRequest = object(
  { body, subject: Type.Optional(subject) },
  { $id: 'NewRequest', description: 'What a customer asks.' },
)

const LoggedRequest = object(
  {
    body,
    subject: Type.Optional(subject),
    priority: Type.Optional(oneOfInAnyCase(priorities, 'How urgent it is; normal where nothing is said.')),
    tags: Type.Optional(Tags),
  },
  { $id: 'LoggedRequest', description: 'What a customer asks, as the staff writes it down.' },
)

const requestParams = object({ id: id('Number of the request.') })

export const soughtTag = Type.String({
  minLength: 1,
  maxLength: 50,
  pattern: tagPattern,
  description: 'Only those with this tag, in any case.',
  examples: ['winter'],
})

const filters = {
  status: Type.Optional(oneOfInAnyCase(ticketStatuses, 'Only requests in this state.')),
  processed_by: Type.Optional(id('Only requests given to this operator.')),
  tag: Type.Optional(soughtTag),
  q: Type.Optional(
    soughtText('Part of the subject or the body; one or two letters match how a word begins.', 'winter'),
  ),
  show_archived: showArchived,
}
const sorts = ['created', 'updated'] as const

export const createRequest = {
  method: 'POST',
  url: '/api/v1/customers/:id/requests',
  config: { access: 'operator', scope: 'tickets:write', conflict: 'The customer is archived.' },
  schema: {
    operationId: 'createRequest',
    summary: "Log a customer's request",
    description: 'It starts as PENDING, given to nobody.',
    tags,
    params: customerParams,
    body: LoggedRequest,
    response: { 201: Request },
  },
} as const satisfies Endpoint

export const listCustomerRequests = {
  method: 'GET',
  url: '/api/v1/customers/:id/requests',
  config: { access: 'operator', scope: 'tickets:read' },
  schema: {
    operationId: 'listCustomerRequests',
    summary: "List a customer's requests",
    description: 'Newest first; archived requests are hidden unless asked for.',
    tags,
    params: customerParams,
    querystring: listQuery(filters, sorts),
    response: { 200: pageOf(Request) },
  },
} as const satisfies Endpoint

export const listRequests = {
  method: 'GET',
  url: '/api/v1/requests',
  config: { access: 'operator', scope: 'tickets:read' },
  schema: {
    operationId: 'listRequests',
    summary: 'List requests',
    description: 'Newest first. Filters combine; archived requests are hidden unless asked for.',
    tags,
    querystring: listQuery(
      { ...filters, created_by: Type.Optional(id('Only requests of this customer.')) },
      sorts,
    ),
    response: { 200: pageOf(Request) },
  },
} as const satisfies Endpoint

export const getRequest = {
  method: 'GET',
  url: '/api/v1/requests/:id',
  config: { access: 'operator', scope: 'tickets:read' },
  schema: {
    operationId: 'getRequest',
    summary: 'Read a request',
    description: 'Archived requests are readable too; `archived_at` tells.',
    tags,
    params: requestParams,
    response: { 200: Request },
  },
} as const satisfies Endpoint

export const listRequestHistory = {
  method: 'GET',
  url: '/api/v1/requests/:id/history',
  config: { access: 'operator', scope: 'tickets:read' },
  schema: {
    operationId: 'listRequestHistory',
    summary: "Read a request's history",
    description:
      'What was done to the request, by whom and when, newest first. Archived requests have theirs too.',
    tags,
    params: requestParams,
    querystring: historyQuery,
    response: { 200: HistoryPage },
  },
} as const satisfies Endpoint

export const editRequest = {
  method: 'PUT',
  url: '/api/v1/requests/:id',
  config: {
    access: 'operator',
    scope: 'tickets:write',
    changes: 'request',
    conflict: 'The request is completed, rejected or archived.',
  },
  schema: {
    operationId: 'editRequest',
    summary: 'Edit what a request asks',
    description:
      'Sets the body, and the subject where one is given. Only while the request is PENDING or IN_PROGRESS.',
    tags,
    params: requestParams,
    body: NewRequest,
    response: { 200: Request },
  },
} as const satisfies Endpoint

export const closeRequest = {
  method: 'PATCH',
  url: '/api/v1/requests/:id',
  config: {
    access: 'operator',
    scope: 'tickets:write',
    changes: 'request',
    conflict: 'The request is not in a state that leads there, or is archived.',
  },
  schema: {
    operationId: 'closeRequest',
    summary: 'Complete or reject a request',
    description:
      'IN_PROGRESS becomes COMPLETED or REJECTED; PENDING may be REJECTED at once. The comment is mandatory.',
    tags,
    params: requestParams,
    body: object(
      {
        status: oneOfInAnyCase(outcomes, 'What came of it.'),
        resolution_comment: text(10_000, 'The reason or the result, for the customer.', 'Keep yourself warm'),
      },
      { $id: 'RequestOutcome', description: 'How a request ends.' },
    ),
    response: { 200: Request },
  },
} as const satisfies Endpoint

export const archiveRequest = {
  method: 'DELETE',
  url: '/api/v1/requests/:id',
  config: {
    access: 'operator',
    scope: 'tickets:write',
    changes: 'request',
    conflict: 'The request is still PENDING or IN_PROGRESS.',
  },
  schema: {
    operationId: 'archiveRequest',
    summary: 'Archive a request',
    description: 'Only from COMPLETED or REJECTED. Nothing is erased. Repeating it changes nothing.',
    tags,
    params: requestParams,
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const assignRequest = {
  method: 'PATCH',
  url: '/api/v1/operators/:id/requests/:request_id',
  config: {
    access: 'operator',
    scope: 'tickets:write',
    changes: 'request',
    conflict: 'The request is completed, rejected or archived, or the operator is disabled.',
  },
  schema: {
    operationId: 'assignRequest',
    summary: 'Give a request to an operator',
    description: 'PENDING becomes IN_PROGRESS; a request IN_PROGRESS changes hands. Takes no body.',
    tags,
    params: object({ id: id('Number of the operator.'), request_id: id('Number of the request.') }),
    response: { 200: Request },
  },
} as const satisfies Endpoint
