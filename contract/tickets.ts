// Tickets: the same record as a request, seen as a conversation (brief 004). Customers see their own; the staff sees all.
import { Type, type Static } from 'typebox'
import { attachmentUpload, withAttachments } from './attachments.ts'
import type { Endpoint } from './endpoint.ts'
import { Priority, priorities, soughtTag, Tags, ticketStatuses } from './requests.ts'
import {
  archivedAt,
  changes,
  id,
  listQuery,
  nullable,
  object,
  oneOf,
  oneOfInAnyCase,
  pageOf,
  recordFields,
  showArchived,
  soughtText,
  text,
  timestamp,
} from './schema.ts'

const tags = ['Tickets'] as const

export const subject = text(200, 'What it is about, in a line.', 'Winter is coming')
export const message = text(100_000, 'What is said.', 'It is cold here, and getting colder.')

export const Ticket = object(
  {
    id: id('Number of the ticket; the request of this number is the same record.'),
    subject,
    customer_id: id('The customer who asks.'),
    status: oneOf(ticketStatuses, 'Where the work on it stands.', 'IN_PROGRESS'),
    priority: Priority,
    processed_by: nullable(id('The operator it is given to, or null.')),
    resolution_comment: nullable(
      text(10_000, 'What came of it; null until it is completed or rejected.', 'Keep yourself warm'),
    ),
    posts_count: Type.Integer({
      minimum: 1,
      description: 'Posts that its customer can read, the ask included.',
      examples: [3],
    }),
    last_post_at: timestamp('When the latest of these was written.'),
    follow_up_of: nullable(id('The ticket that this one goes on from, or null.')),
    tags: Type.Unsafe<Static<typeof Tags> | null>({
      ...Tags,
      type: ['array', 'null'],
      description: 'Words of the staff for finding it again; null for customers.',
    }),
    ...recordFields,
    archived_at: archivedAt,
  },
  { $id: 'Ticket', description: 'One ask of one customer, with a thread of posts.' },
)
export type Ticket = Static<typeof Ticket>

const NewTicket = object({ subject, message }, { $id: 'NewTicket', description: 'What a customer asks.' })

const ticketParams = object({ id: id('Number of the ticket.') })

export const listTickets = {
  method: 'GET',
  url: '/api/v1/tickets',
  config: { access: 'customer', scope: 'tickets:read' },
  schema: {
    operationId: 'listTickets',
    summary: 'List tickets',
    description:
      'Newest first. Customers see their own, unless TICKET_VISIBILITY lets them see all, and do not see tags; operators see all. Filters combine; archived tickets are hidden unless asked for.',
    tags,
    querystring: listQuery(
      {
        status: Type.Optional(oneOfInAnyCase(ticketStatuses, 'Only tickets in this state.')),
        processed_by: Type.Optional(id('Only tickets given to this operator.')),
        customer_id: Type.Optional(id('Only tickets of this customer.')),
        tag: Type.Optional(soughtTag),
        q: Type.Optional(
          soughtText('Part of the subject or the ask; one or two letters match how a word begins.', 'winter'),
        ),
        show_archived: showArchived,
      },
      ['created', 'updated'] as const,
    ),
    response: { 200: pageOf(Ticket) },
  },
} as const satisfies Endpoint

const opening = {
  access: 'customer',
  upTo: 'customer',
  scope: 'tickets:write',
  conflict: 'The customer is archived.',
  upload: attachmentUpload,
} as const

export const openTicket = {
  method: 'POST',
  url: '/api/v1/tickets',
  config: opening,
  schema: {
    operationId: 'openTicket',
    summary: 'Open a ticket',
    description: `For customers; it starts as PENDING. Operators log one on behalf of a customer instead: \`POST /customers/{id}/requests\`. ${withAttachments}`,
    tags,
    body: NewTicket,
    response: { 201: Ticket },
  },
} as const satisfies Endpoint

export const openNewTicket = {
  method: 'POST',
  url: '/api/v1/newticket',
  config: { ...opening, makes: 'ticket' },
  schema: {
    operationId: 'openNewTicket',
    summary: 'Open a ticket, answered briefly',
    description: 'The same as opening a ticket; answers its number and subject alone.',
    tags,
    body: NewTicket,
    response: {
      201: object(
        { id: id('Number of the ticket.'), subject },
        { $id: 'OpenedTicket', description: 'What was opened, in brief.' },
      ),
    },
  },
} as const satisfies Endpoint

export const getTicket = {
  method: 'GET',
  url: '/api/v1/tickets/:id',
  config: { access: 'customer', scope: 'tickets:read' },
  schema: {
    operationId: 'getTicket',
    summary: 'Read a ticket',
    description: "Another customer's ticket is answered as if it were not there. Archived ones are readable.",
    tags,
    params: ticketParams,
    response: { 200: Ticket },
  },
} as const satisfies Endpoint

export const updateTicket = {
  method: 'PATCH',
  url: '/api/v1/tickets/:id',
  config: {
    access: 'operator',
    scope: 'tickets:write',
    changes: 'ticket',
    conflict: 'The ticket is archived.',
  },
  schema: {
    operationId: 'updateTicket',
    summary: "Change a ticket's priority or tags",
    description: 'In any state but archived. Status and operator are changed as those of the request.',
    tags,
    params: ticketParams,
    body: changes(
      { priority: oneOfInAnyCase(priorities, 'How urgent it is.'), tags: Tags },
      { $id: 'TicketChanges', description: 'What is to change; at least one field.' },
    ),
    response: { 200: Ticket },
  },
} as const satisfies Endpoint

export const whoseTickets = ['mine_or_unassigned', 'mine', 'unassigned', 'all'] as const

export const listInbox = {
  method: 'GET',
  url: '/api/v1/inbox',
  config: { access: 'operator', scope: 'tickets:read' },
  schema: {
    operationId: 'listInbox',
    summary: 'List what there is to do',
    description: 'Tickets that are PENDING or IN_PROGRESS: the most urgent first, and of those the oldest.',
    tags,
    querystring: listQuery(
      {
        whose: Type.Optional(
          oneOf(whoseTickets, "The caller's own and those that are given to nobody, or only some of them."),
        ),
      },
      ['priority'] as const,
      { first: 'priority', description: 'What to order by; a minus sign turns the order round.' },
    ),
    response: { 200: pageOf(Ticket) },
  },
} as const satisfies Endpoint
