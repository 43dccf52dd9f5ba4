// A user's row is two records of the API: the colleague that others see, and one's own account.
import {
  changeMyPassword,
  getMe,
  getOperator,
  listMyTokens,
  listRequests,
  updateMe,
} from '../../contract/index.ts'
import type { RecordDefinition } from '../http/records.ts'
import * as account from './account-service.ts'
import * as operators from './operator-service.ts'

export const operatorRecord: RecordDefinition<'operator'> = {
  table: 'users',
  get: (ctx, _actor, id) => operators.get(ctx, id),
  links: ({ id }) => ({
    self: { to: getOperator, params: { id } },
    requests: { to: listRequests, query: { processed_by: id }, title: 'List the requests given to them' },
  }),
}

export const meRecord: RecordDefinition<'me'> = {
  table: 'users',
  get: (ctx, actor) => account.get(ctx, actor),
  links: () => ({
    self: { to: getMe },
    tokens: { to: listMyTokens },
    update: { to: updateMe },
    change_password: { to: changeMyPassword },
  }),
}
