// A ticket's row is two records of the API: the request that the staff moves forward, and the ticket that is talked about. A post
// is one of its own.
import {
  archiveRequest,
  assignRequest,
  closeRequest,
  createPost,
  deletePost,
  editRequest,
  getCustomer,
  getOperator,
  getPost,
  getRequest,
  getTicket,
  listPostHistory,
  listPosts,
  listRequestHistory,
  type Target,
  updatePost,
  updateTicket,
} from '../../contract/index.ts'
import { possible, type RecordDefinition } from '../http/records.ts'
import * as posts from './post-service.ts'
import type { PostRow } from './post-views-repository.ts'
import { isStaff, maySpeak } from './ticket-policy.ts'
import { type TicketAction, ticketMay } from './ticket-rules.ts'
import * as requests from './request-service.ts'
import * as tickets from './ticket-service.ts'

const actions = (id: number, noun: 'request' | 'ticket') =>
  ({
    assign: { to: assignRequest, params: { request_id: id } },
    complete: { to: closeRequest, params: { id }, title: `Complete a ${noun}` },
    reject: { to: closeRequest, params: { id }, title: `Reject a ${noun}` },
    archive: { to: archiveRequest, params: { id } },
  }) satisfies Partial<Record<TicketAction, Target>>

export const requestRecord: RecordDefinition<'request'> = {
  table: 'tickets',
  get: (ctx, _actor, id) => requests.get(ctx, id),
  links: (request) => {
    const { id, created_by, processed_by } = request
    return {
      self: { to: getRequest, params: { id } },
      ticket: { to: getTicket, params: { id } },
      history: { to: listRequestHistory, params: { id } },
      customer: { to: getCustomer, params: { id: created_by } },
      ...(processed_by === null ? {} : { operator: { to: getOperator, params: { id: processed_by } } }),
      ...possible({ ...actions(id, 'request'), edit: { to: editRequest, params: { id } } }, (action) =>
        ticketMay(action, request),
      ),
    }
  },
}

export const ticketRecord: RecordDefinition<'ticket'> = {
  table: 'tickets',
  get: tickets.get,
  links: (ticket, actor) => {
    const { id, customer_id, processed_by, follow_up_of } = ticket
    return {
      self: { to: getTicket, params: { id } },
      posts: { to: listPosts, params: { id } },
      request: { to: getRequest, params: { id } },
      customer: { to: getCustomer, params: { id: customer_id } },
      ...(processed_by === null ? {} : { operator: { to: getOperator, params: { id: processed_by } } }),
      ...(follow_up_of === null ? {} : { follow_up_of: { to: getTicket, params: { id: follow_up_of } } }),
      ...possible(actions(id, 'ticket'), (action) => ticketMay(action, ticket)),
      ...(ticketMay('label', ticket) ? { update: { to: updateTicket, params: { id } } } : {}),
      // A customer who may not bring it back goes on in another one.
      ...(ticketMay('say', ticket) && maySpeak(actor) ? { reply: { to: createPost, params: { id } } } : {}),
    }
  },
}

export const postRecord: RecordDefinition<'post'> = {
  table: 'posts',
  get: posts.get,
  links: (post, actor) => {
    const { id, ticket_id, author_id, deleted_at, number, is_fresh, archived_at, status } = post as PostRow
    const isOwn = author_id !== null && author_id === actor.user_id && !deleted_at && !archived_at
    const isOpen = number > 1 || ticketMay('edit', { status, archived_at })
    return {
      self: { to: getPost, params: { id } },
      ticket: { to: getTicket, params: { id: ticket_id } },
      ...(number > 1 && isStaff(actor) ? { history: { to: listPostHistory, params: { id } } } : {}),
      ...(isOwn && is_fresh && isOpen ? { edit: { to: updatePost, params: { id } } } : {}),
      ...(isOwn && number > 1 ? { delete: { to: deletePost, params: { id } } } : {}),
    }
  },
}
