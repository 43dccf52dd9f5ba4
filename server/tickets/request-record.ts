import {
  archiveRequest,
  assignRequest,
  closeRequest,
  editRequest,
  getCustomer,
  getOperator,
  getRequest,
  listRequestHistory,
  type Target,
} from '../../contract/index.ts'
import { possible, type RecordDefinition } from '../http/records.ts'
import { type TicketAction, ticketMay } from './ticket-rules.ts'
import * as tickets from './ticket-service.ts'

const actions = (id: number): Readonly<Record<TicketAction, Target>> => ({
  assign: { to: assignRequest, params: { request_id: id } },
  edit: { to: editRequest, params: { id } },
  complete: { to: closeRequest, params: { id }, title: 'Complete a request' },
  reject: { to: closeRequest, params: { id }, title: 'Reject a request' },
  archive: { to: archiveRequest, params: { id } },
})

export const requestRecord: RecordDefinition<'request'> = {
  table: 'tickets',
  get: (ctx, _actor, id) => tickets.get(ctx, id),
  links: (request) => {
    const { id, created_by, processed_by } = request
    return {
      self: { to: getRequest, params: { id } },
      history: { to: listRequestHistory, params: { id } },
      customer: { to: getCustomer, params: { id: created_by } },
      ...(processed_by === null ? {} : { operator: { to: getOperator, params: { id: processed_by } } }),
      ...possible(actions(id), (action) => ticketMay(action, request)),
    }
  },
}
