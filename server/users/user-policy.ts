import { atLeast, getMe, getOperator, getUser, linkTo } from '../../contract/index.ts'
import type { ChangePolicy, Fields } from '../change.ts'

const isOperator = (user: Fields | null) =>
  (user?.['role'] === 'operator' || user?.['role'] === 'admin') && user['is_service'] !== true

/** One sees oneself; operators see each other, also one who is none any more; admins see everybody. */
export const userPolicy: ChangePolicy = {
  scope: 'users:read',
  fields: ['role', 'disabled_at', 'is_service'],
  maySee: (actor, { record_id, before, after }) =>
    actor.role === 'admin' ||
    actor.user_id === record_id ||
    (actor.role === 'operator' && (isOperator(before) || isOperator(after))),
  href(actor, { record_id: id, after }) {
    if (isOperator(after) && atLeast(actor.role, 'operator'))
      return linkTo({ to: getOperator, params: { id } }).href
    if (actor.user_id === id) return getMe.url
    return actor.role === 'admin' && after?.['is_service'] !== true
      ? linkTo({ to: getUser, params: { id } }).href
      : null
  },
  isGone: ({ before, after }) =>
    after === null || after['disabled_at'] !== null || (isOperator(before) && !isOperator(after)),
}
