import {
  archiveCustomer,
  createRequest,
  getCustomer,
  getCustomerPhoto,
  getUser,
  listCustomerHistory,
  listCustomerRequests,
  removeCustomerPhoto,
  restoreCustomer,
  setCustomerPhoto,
  type Target,
  updateCustomer,
} from '../../contract/index.ts'
import { possible, type RecordDefinition } from '../http/records.ts'
import { type CustomerAction, customerMay } from './customer-rules.ts'
import * as customers from './customer-service.ts'
import { photoVersionIn } from './photo-rules.ts'

const actions = (params: { readonly id: number }): Readonly<Record<CustomerAction, Target>> => ({
  update: { to: updateCustomer, params },
  log_request: { to: createRequest, params },
  set_photo: { to: setCustomerPhoto, params },
  remove_photo: { to: removeCustomerPhoto, params },
  archive: { to: archiveCustomer, params },
  restore: { to: restoreCustomer, params },
})

export const customerRecord: RecordDefinition<'customer'> = {
  table: 'customers',
  get: (ctx, _actor, id) => customers.get(ctx, id),
  links: (customer) => {
    const params = { id: customer.id }
    const v = customer.photo_url === null ? undefined : photoVersionIn(customer.photo_url)
    return {
      self: { to: getCustomer, params },
      requests: { to: listCustomerRequests, params },
      history: { to: listCustomerHistory, params },
      ...(customer.user_id === null ? {} : { user: { to: getUser, params: { id: customer.user_id } } }),
      ...(v === undefined ? {} : { photo: { to: getCustomerPhoto, params, query: { v } } }),
      ...possible(
        actions(params),
        (action) => customerMay(action, customer) && (action !== 'remove_photo' || v !== undefined),
      ),
    }
  },
}
