import {
  archiveCustomer,
  createRequest,
  getCustomer,
  listCustomerHistory,
  listCustomerRequests,
  restoreCustomer,
  type Target,
  updateCustomer,
} from '../../contract/index.ts'
import { possible, type RecordDefinition } from '../http/records.ts'
import { type CustomerAction, customerMay } from './customer-rules.ts'
import * as customers from './customer-service.ts'

const actions = (params: { readonly id: number }): Readonly<Record<CustomerAction, Target>> => ({
  update: { to: updateCustomer, params },
  log_request: { to: createRequest, params },
  archive: { to: archiveCustomer, params },
  restore: { to: restoreCustomer, params },
})

export const customerRecord: RecordDefinition<'customer'> = {
  table: 'customers',
  get: (ctx, _actor, id) => customers.get(ctx, id),
  links: (customer) => {
    const params = { id: customer.id }
    return {
      self: { to: getCustomer, params },
      requests: { to: listCustomerRequests, params },
      history: { to: listCustomerHistory, params },
      ...possible(actions(params), (action) => customerMay(action, customer)),
    }
  },
}
