import {
  archiveRequest,
  assignRequest,
  closeRequest,
  editRequest,
  getCustomer,
  getOperator,
  getRequest,
  listRequestHistory,
  type Request,
  type Target,
} from '../../contract/index.ts'
import type { RecordDefinition } from '../http/records.ts'
import { type TicketAction, ticketMay } from './ticket-rules.ts'
import * as tickets from './ticket-service.ts'

/** What each action calls, given the request's number. */
const actions: Readonly<Record<TicketAction, (id: number) => Target>> = {
  assign: (request_id) => ({ to: assignRequest, params: { request_id } }),
  edit: (id) => ({ to: editRequest, params: { id } }),
  complete: (id) => ({ to: closeRequest, params: { id }, title: 'Complete a request' }),
  reject: (id) => ({ to: closeRequest, params: { id }, title: 'Reject a request' }),
  archive: (id) => ({ to: archiveRequest, params: { id } }),
}

export const requestRecord: RecordDefinition<'request'> = {
  table: 'tickets',
  get: (ctx, _actor, id) => tickets.get(ctx, id),
  links: (request: Request) => {
    const { id, created_by, processed_by } = request
    const possible = (Object.keys(actions) as TicketAction[]).filter((action) => ticketMay(action, request))
    return {
      self: { to: getRequest, params: { id } },
      history: { to: listRequestHistory, params: { id } },
      customer: { to: getCustomer, params: { id: created_by } },
      ...(processed_by === null ? {} : { operator: { to: getOperator, params: { id: processed_by } } }),
      ...Object.fromEntries(possible.map((action) => [action, actions[action](id)])),
    }
  },
}
