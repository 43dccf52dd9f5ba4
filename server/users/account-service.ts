// One's own account.
import type { Body, Me, updateMe } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import { conflict, unauthorized } from '../errors.ts'
import * as repository from './account-repository.ts'

/** The user who is calling. Throws a 401 for a call under ANONYMOUS_ROLE, which has a role and no user. */
export function ownUserId(actor: Actor): number {
  if (actor.user_id === null) throw unauthorized('This is about your own account, so sign in first.')
  return actor.user_id
}

export async function get(ctx: Context, actor: Actor): Promise<Me> {
  return found(await repository.findAccount.first(ctx.db, { id: ownUserId(actor) }))
}

export async function update(ctx: Context, actor: Actor, body: Body<typeof updateMe>): Promise<Me> {
  const names = { first_name: body.first_name?.trim() ?? null, last_name: body.last_name?.trim() ?? null }
  const notifications = body.notifications ?? null
  const values = { id: ownUserId(actor), ...names, notifications, ...auditing(actor) }
  const updated = await repository.updateAccount.first(ctx.db, values)
  if (updated) return updated
  await get(ctx, actor)
  throw conflict(
    'service_user',
    'This is a client that acts on its own: its name is changed by an admin, as the client’s.',
  )
}

function found(me: Me | undefined): Me {
  if (!me) throw unauthorized('Your account is gone.')
  return me
}
