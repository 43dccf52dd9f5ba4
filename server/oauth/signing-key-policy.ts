import { atLeast } from '../../contract/index.ts'
import type { ChangePolicy } from '../change.ts'

/** Everybody may know the public halves (/oauth/jwks); that they change is the affair of admins. */
export const signingKeyPolicy: ChangePolicy = {
  fields: ['kid'],
  maySee: (actor) => atLeast(actor.role, 'admin'),
  href: () => null,
  isGone: ({ after }) => after === null,
}
