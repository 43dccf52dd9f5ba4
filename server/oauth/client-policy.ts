import { atLeast, getClient, linkTo } from '../../contract/index.ts'
import type { ChangePolicy } from '../change.ts'

/** Whoever may read clients: admins, themselves. */
export const clientPolicy: ChangePolicy = {
  fields: ['deleted_at'],
  maySee: (actor) => atLeast(actor.role, 'admin'),
  href: (_actor, { record_id: id, after }) =>
    after?.['deleted_at'] === null ? linkTo({ to: getClient, params: { id } }).href : null,
  isGone: ({ after }) => after === null || after['deleted_at'] !== null,
}
