// One's own tokens: the ones that work now, and ending one.
import type { Token } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import type { Page, PageQuery } from '../db/list.ts'
import { notFound } from '../errors.ts'
import { ownUserId } from '../users/index.ts'
import * as repository from './token-repository.ts'

export async function list(ctx: Context, actor: Actor, query: PageQuery): Promise<Page<Token>> {
  const page = await repository.pageOfTokens(ctx.db, { user_id: ownUserId(actor), working: true }, query)
  const { credential } = actor
  const isCurrent = ({ id }: { id: number }) => credential?.type === 'token' && credential.id === id
  return { ...page, rows: page.rows.map((token) => ({ ...token, current: isCurrent(token) })) }
}

/** Throws a 404 for a token that is another's, ended, or not there: all the same. */
export async function revoke(ctx: Context, actor: Actor, id: number): Promise<void> {
  const revoked = await repository.revokeToken.first(ctx.db, {
    id,
    user_id: ownUserId(actor),
    ...auditing(actor),
  })
  if (!revoked) throw notFound(`You have no token ${id}.`)
}
