import { atLeast, getCustomer, linkTo } from '../../contract/index.ts'
import type { ChangePolicy } from '../change.ts'

export const customerPolicy: ChangePolicy = {
  scope: 'customers:read',
  fields: ['archived_at'],
  maySee: (actor) => atLeast(actor.role, 'operator'),
  href: (_actor, { record_id: id }) => linkTo({ to: getCustomer, params: { id } }).href,
  isGone: ({ after }) => after === null || after['archived_at'] !== null,
}
