// Posts: what is said in a ticket's thread, the ask first (brief 004). Notes are posts that only the staff can see.
import { Type, type Static } from 'typebox'
import { Attachment, attachmentsAtMost, attachmentUpload, withAttachments } from './attachments.ts'
import { HistoryPage, historyQuery } from './audit.ts'
import type { Endpoint } from './endpoint.ts'
import { type Role, roles } from './roles.ts'
import { id, listQuery, nothing, nullable, object, oneOf, pageOf, recordFields, timestamp } from './schema.ts'
import { message } from './tickets.ts'

const tags = ['Tickets'] as const

/** How long its author may edit a post. */
export const editMinutes = 15

export const Post = object(
  {
    id: id('Number of the post.'),
    username: nullable(
      Type.String({ description: 'Who wrote it, if they can sign in.', examples: ['ed.stark'] }),
    ),
    message: Type.String({
      description: 'What is said; nothing where the post was deleted.',
      examples: ['It is cold here, and getting colder.'],
    }),
    ticket_id: id('The ticket whose thread it stands in.'),
    author_id: nullable(id('The user who wrote it; null for nobody with an account.')),
    author_name: nullable(Type.String({ description: 'Their name.', examples: ['Ed Stark'] })),
    author_role: Type.Unsafe<Role | null>({
      type: ['string', 'null'],
      enum: [...roles, null],
      description: 'Their role today.',
      examples: ['customer'],
    }),
    internal: Type.Boolean({
      description: 'True for a note, which only the staff can see.',
      examples: [false],
    }),
    attachments: Type.Array(Attachment, {
      maxItems: attachmentsAtMost,
      description: 'The files that came with it; none once it is deleted.',
    }),
    ...recordFields,
    edited_at: nullable(timestamp('When it was last edited, or null.')),
    edited_by: nullable(id('Who last edited it: its author, or of the ask also the staff; or null.')),
    deleted_at: nullable(timestamp('When its author deleted it, or null. For its customer it is gone.')),
  },
  { $id: 'Post', description: 'One message in a thread.' },
)
export type Post = Static<typeof Post>

const threadParams = object({ id: id('Number of the ticket.') })
const postParams = object({ id: id('Number of the post.') })

export const listPosts = {
  method: 'GET',
  url: '/api/v1/tickets/:id/posts',
  config: { access: 'customer', scope: 'tickets:read' },
  schema: {
    operationId: 'listPosts',
    summary: "Read a ticket's thread",
    description:
      'Oldest first, beginning with the ask. Customers see neither notes nor what was deleted; the staff sees both.',
    tags,
    params: threadParams,
    querystring: listQuery({}, ['created'] as const, { first: 'created' }),
    response: { 200: pageOf(Post) },
  },
} as const satisfies Endpoint

const replying =
  'Of a customer on a ticket that was completed within the last 14 days: reopens it, for the same operator. Later, or on a rejected one: opens a ticket of theirs that follows it, or goes to the one that does.'

export const createPost = {
  method: 'POST',
  url: '/api/v1/tickets/:id/posts',
  config: {
    access: 'customer',
    scope: 'tickets:write',
    conflict: 'The ticket is archived.',
    upload: attachmentUpload,
  },
  schema: {
    operationId: 'createPost',
    summary: 'Reply to a ticket',
    description: `${replying} \`ticket_id\` says where the post stands. ${withAttachments}`,
    tags,
    params: threadParams,
    body: object(
      {
        message,
        internal: Type.Optional(
          Type.Boolean({
            default: false,
            description: 'A note, which only the staff can see. For operators.',
            examples: [false],
          }),
        ),
      },
      { $id: 'NewPost', description: 'What is to be said.' },
    ),
    response: { 201: Post },
  },
} as const satisfies Endpoint

export const replyToTicket = {
  method: 'POST',
  url: '/api/v1/tickets/:id/reply',
  config: {
    access: 'customer',
    scope: 'tickets:write',
    makes: 'post',
    conflict: 'The ticket is archived.',
    upload: attachmentUpload,
  },
  schema: {
    operationId: 'replyToTicket',
    summary: 'Reply to a ticket, answered briefly',
    description: `${replying} ${withAttachments}`,
    tags,
    params: threadParams,
    body: object({ message }, { $id: 'Reply', description: 'What is to be said.' }),
    response: {
      201: object(
        { id: id('Number of the post.'), status: oneOf(['Success'], 'That it was said.') },
        { $id: 'Replied', description: 'What was said, in brief.' },
      ),
    },
  },
} as const satisfies Endpoint

export const getPost = {
  method: 'GET',
  url: '/api/v1/posts/:id',
  config: { access: 'customer', scope: 'tickets:read' },
  schema: {
    operationId: 'getPost',
    summary: 'Read a post',
    description: 'For whoever may read the thread that it stands in.',
    tags,
    params: postParams,
    response: { 200: Post },
  },
} as const satisfies Endpoint

export const updatePost = {
  method: 'PATCH',
  url: '/api/v1/posts/:id',
  config: {
    access: 'customer',
    scope: 'tickets:write',
    changes: 'post',
    conflict: `The post is older than ${editMinutes} minutes or deleted, or the ticket is archived; or it is what a ticket asks that has ended.`,
  },
  schema: {
    operationId: 'updatePost',
    summary: 'Edit a post',
    description: `For its author, within ${editMinutes} minutes. What it said before stays in its history.`,
    tags,
    params: postParams,
    body: object({ message }, { $id: 'PostChanges', description: 'What it is to say.' }),
    response: { 200: Post },
  },
} as const satisfies Endpoint

export const deletePost = {
  method: 'DELETE',
  url: '/api/v1/posts/:id',
  config: {
    access: 'customer',
    scope: 'tickets:write',
    changes: 'post',
    conflict: 'The post is the ask itself, or the ticket is archived.',
  },
  schema: {
    operationId: 'deletePost',
    summary: 'Delete a post',
    description:
      'For its author; never the first. The staff still sees that there was one, and its history. Repeating it changes nothing.',
    tags,
    params: postParams,
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const listPostHistory = {
  method: 'GET',
  url: '/api/v1/posts/:id/history',
  config: { access: 'operator', scope: 'tickets:read' },
  schema: {
    operationId: 'listPostHistory',
    summary: "Read a post's history",
    description:
      'What it said before, newest first. That of the first post is in the history of its request.',
    tags,
    params: postParams,
    querystring: historyQuery,
    response: { 200: HistoryPage },
  },
} as const satisfies Endpoint
