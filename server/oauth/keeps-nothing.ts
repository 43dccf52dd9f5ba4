import type { Adapter } from 'oidc-provider'

export const none = async () => undefined

/** Of what we do not serve; and what an adapter does not say otherwise. */
export const keepsNothing: Adapter = {
  upsert: () => Promise.reject(new Error('This is not kept')),
  find: none,
  findByUserCode: none,
  findByUid: none,
  consume: none,
  destroy: none,
  revokeByGrantId: none,
}
