// Who is told of a change of a post.
import { getPost, linkTo } from '../../contract/index.ts'
import type { ChangePolicy } from '../change.ts'
import { isStaff } from './ticket-policy.ts'

export const postPolicy: ChangePolicy = {
  scope: 'tickets:read',
  fields: ['deleted_at'],
  maySee: isStaff,
  href: (_actor, { record_id: id }) => linkTo({ to: getPost, params: { id } }).href,
  isGone: ({ after }) => after === null || after['deleted_at'] !== null,
}
