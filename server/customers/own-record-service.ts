// The customer that somebody with a portal login is. A login is linked to what the shop knows of them by an e-mail address that was
// proved, never by one that was only claimed.
import type { Actor, Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import { inTransaction } from '../db/transaction.ts'
import { changedMeanwhile, conflict, forbidden } from '../errors.ts'
import { ownUserId } from '../users/index.ts'
import { lockCustomer } from './customer-repository.ts'
import { customerStatesFor } from './customer-rules.ts'
import { linkingOf } from './linking-rules.ts'
import * as repository from './own-record-repository.ts'

/** Throws a 403 for the staff, who is nobody's customer, also where a client acts for them as one. */
export async function refuseStaff(ctx: Context, actor: Actor) {
  const own = await repository.findOwnRecord.first(ctx.db, { user_id: ownUserId(actor) })
  if (own && own.role !== 'customer')
    throw forbidden('The staff has no customer record of its own; what somebody asks is logged for them.')
  return own
}

/** The number of the caller's own record, which is made where there is none. Throws a 409 where the shop has archived it. */
export async function ensure(ctx: Context, actor: Actor): Promise<number> {
  const user_id = ownUserId(actor)
  const own = await refuseStaff(ctx, actor)
  if (own?.id != null && own.archived_at === null) return own.id
  return inTransaction(ctx, async (ctx) => {
    await link(ctx, { user_id, request_id: actor.request_id })
    await repository.insertOwnRecord.all(ctx.db, { user_id, ...auditing(actor) })
    const own = await repository.findOwnRecord.first(ctx.db, { user_id })
    if (own?.id != null && own.archived_at === null) return own.id
    throw conflict('customer_archived', 'The shop keeps your record in its archive; ask it to restore that.')
  })
}

/** The same, in a transaction: until its end nothing else is done to that customer, nor by them where this is taken first. */
export async function lock(ctx: Context, actor: Actor): Promise<void> {
  await lockCustomer.all(ctx.db, { id: await ensure(ctx, actor) })
}

interface Proof {
  /** Who has proved their address. */
  readonly user_id: number
  /** The call that they did so by. */
  readonly request_id: string
}

/**
 * Links the login to the customer with its address, if it has proved one. Done again it changes nothing. Throws where a record was
 * archived or restored in this very moment: the job is done once more, and sees it as it is then.
 */
export async function link(ctx: Context, { user_id, request_id }: Proof): Promise<void> {
  await inTransaction(ctx, async (ctx) => {
    const owner = await repository.lockOwner.first(ctx.db, { user_id })
    if (owner?.role !== 'customer' || owner.verified_email === null) return
    const email = owner.verified_email
    const linking = linkingOf(await repository.lockLinkable.all(ctx.db, { user_id, email }))
    if (linking.do === 'nothing') return
    const { id } = linking
    const values = {
      id,
      from: customerStatesFor('update'),
      ...auditing({ user_id, role: owner.role, request_id }),
    }
    if (linking.do === 'give_address') {
      if ((await repository.giveAddress.all(ctx.db, { ...values, email })).length > 0) return
      // Somebody else has the address, or the shop's own record has come back from the archive.
      const { do: now } = linkingOf(await repository.lockLinkable.all(ctx.db, { user_id, email }))
      if (now === 'link') throw changedMeanwhile('The customer to be linked')
      return
    }
    if (linking.instead !== undefined)
      await repository.replaceRecord.all(ctx.db, { ...values, id: linking.instead, into: id })
    const linked = await repository.linkRecord.all(ctx.db, { ...values, user_id })
    if (linked.length === 0) throw changedMeanwhile('The customer to be linked')
  })
}
