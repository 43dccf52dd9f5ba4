import type { ChangePolicy } from '../change.ts'

/** A token or a session is its user's own affair, whatever role another has. */
export const credentialPolicy: ChangePolicy = {
  fields: ['user_id', 'revoked_at'],
  maySee: (actor, { before, after }) =>
    actor.user_id !== null && (after ?? before)?.['user_id'] === actor.user_id,
  href: () => null,
  isGone: ({ after }) => after === null || after['revoked_at'] !== null,
}
