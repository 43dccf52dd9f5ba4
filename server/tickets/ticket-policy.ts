// Who may know of a ticket, and of what is said in it.
import { atLeast, getRequest, linkTo } from '../../contract/index.ts'
import type { ChangePolicy } from '../change.ts'
import type { Actor, Context } from '../context.ts'

export const isStaff = (actor: Pick<Actor, 'role'>): boolean => atLeast(actor.role, 'operator')

/**
 * The user whose tickets this actor may know of; null where it is all of them. Who has no account has no tickets: no user is
 * number 0.
 */
export function seenBy(
  { config }: { readonly config: Pick<Context['config'], 'ticketVisibility'> },
  actor: Actor,
): number | null {
  return isStaff(actor) || config.ticketVisibility === 'all' ? null : (actor.user_id ?? 0)
}

/** A customer speaks in their own name: what nobody has said would be neither the customer's word nor the staff's. */
export const maySpeak = (actor: Pick<Actor, 'role' | 'user_id'>): boolean =>
  isStaff(actor) || actor.user_id !== null

export const ticketPolicy: ChangePolicy = {
  scope: 'tickets:read',
  fields: ['archived_at'],
  maySee: isStaff,
  href: (_actor, { record_id: id }) => linkTo({ to: getRequest, params: { id } }).href,
  isGone: ({ after }) => after === null || after['archived_at'] !== null,
}
