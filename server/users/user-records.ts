// A user's row is three records of the API: the user whom admins administer, the colleague that others see, and one's own account.
import {
  changeMyEmail,
  changeMyPassword,
  getMe,
  disableUser,
  enableUser,
  getOperator,
  getUser,
  inviteUser,
  listMyGrants,
  listMySessions,
  listMyTokens,
  listRequests,
  type Target,
  updateMe,
  updateUser,
} from '../../contract/index.ts'
import { possible, type RecordDefinition } from '../http/records.ts'
import * as account from './account-service.ts'
import * as operators from './operator-service.ts'
import { type UserAction, userMay } from './user-rules.ts'
import * as users from './user-service.ts'

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
    sessions: { to: listMySessions },
    tokens: { to: listMyTokens },
    grants: { to: listMyGrants },
    update: { to: updateMe },
    change_password: { to: changeMyPassword },
    change_email: { to: changeMyEmail },
  }),
}

const actions = (params: { readonly id: number }): Readonly<Record<UserAction, Target>> => ({
  update: { to: updateUser, params },
  disable: { to: disableUser, params },
  enable: { to: enableUser, params },
  invite: { to: inviteUser, params },
})

export const userRecord: RecordDefinition<'user'> = {
  table: 'users',
  get: (ctx, _actor, id) => users.get(ctx, id),
  links: (user, actor) => ({
    self: { to: getUser, params: { id: user.id } },
    ...possible(
      actions({ id: user.id }),
      (action) => userMay(action, user) && !(action === 'disable' && user.id === actor.user_id),
    ),
  }),
}
