// What a user has allowed clients: one's own, and taking it back.
import type { Grant } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import type { Page, PageQuery } from '../db/list.ts'
import { notFound } from '../errors.ts'
import { ownUserId } from '../users/index.ts'
import * as repository from './grant-repository.ts'

export function list(ctx: Context, actor: Actor, page: PageQuery): Promise<Page<Grant>> {
  return repository.pageOfGrants(ctx.db, { user_id: ownUserId(actor), working: true }, page)
}

/** Throws a 404 for a grant that is another's, ended, or not there: all the same. */
export async function revoke(ctx: Context, actor: Actor, id: number): Promise<void> {
  const revoked = await repository.revokeGrant.first(ctx.db, {
    id,
    user_id: ownUserId(actor),
    ...auditing(actor),
  })
  if (!revoked) throw notFound(`You have no grant ${id}.`)
}
