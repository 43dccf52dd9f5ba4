import {
  archiveCustomer,
  createRequest,
  type Customer,
  getCustomer,
  listCustomerHistory,
  listCustomerRequests,
  restoreCustomer,
  type Target,
  updateCustomer,
} from '../../contract/index.ts'
import type { RecordDefinition } from '../http/records.ts'
import { type CustomerAction, customerMay } from './customer-rules.ts'
import * as customers from './customer-service.ts'

const actions: Readonly<Record<CustomerAction, Omit<Target, 'params'>>> = {
  update: { to: updateCustomer },
  log_request: { to: createRequest },
  archive: { to: archiveCustomer },
  restore: { to: restoreCustomer },
}

export const customerRecord: RecordDefinition<'customer'> = {
  table: 'customers',
  get: (ctx, _actor, id) => customers.get(ctx, id),
  links: (customer: Customer) => {
    const params = { id: customer.id }
    const possible = (Object.keys(actions) as CustomerAction[]).filter((action) =>
      customerMay(action, customer),
    )
    return {
      self: { to: getCustomer, params },
      requests: { to: listCustomerRequests, params },
      history: { to: listCustomerHistory, params },
      ...Object.fromEntries(possible.map((action) => [action, { ...actions[action], params }])),
    }
  },
}
