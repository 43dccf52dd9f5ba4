import { atLeast, getMe, getOperator, linkTo } from '../../contract/index.ts'
import type { ChangePolicy, Fields } from '../change.ts'

const isOperator = (user: Fields | null) => user?.['role'] === 'operator' || user?.['role'] === 'admin'

/** One sees oneself; operators see each other, also one who is none any more; admins see everybody. */
export const userPolicy: ChangePolicy = {
  scope: 'users:read',
  fields: ['role', 'disabled_at'],
  maySee: (actor, { record_id, before, after }) =>
    actor.role === 'admin' ||
    actor.user_id === record_id ||
    (actor.role === 'operator' && (isOperator(before) || isOperator(after))),
  href(actor, { record_id: id, after }) {
    if (isOperator(after) && atLeast(actor.role, 'operator'))
      return linkTo({ to: getOperator, params: { id } }).href
    return actor.user_id === id ? getMe.url : null
  },
  isGone: ({ before, after }) =>
    after === null || after['disabled_at'] !== null || (isOperator(before) && !isOperator(after)),
}
