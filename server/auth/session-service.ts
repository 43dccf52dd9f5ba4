// Browsers that are signed in: one's own, and ending them.
import type { Session } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { endAccess, lockAccount } from '../credentials/access-repository.ts'
import { hashSecret } from '../credentials/secrets.ts'
import { auditing } from '../db/audit.ts'
import type { Page, PageQuery } from '../db/list.ts'
import { inTransaction } from '../db/transaction.ts'
import { notFound } from '../errors.ts'
import { ownUserId } from '../users/index.ts'
import { recentSeconds, type SessionHolder } from './holder.ts'
import * as repository from './session-repository.ts'
import { sessionLimits } from './session-rules.ts'
import * as tokens from './token-repository.ts'

/** Whose session this is, if it works now. That it is used is noted, but where somebody only looks whether it still works. */
export async function findHolder(
  ctx: Context,
  secret: string,
  { used }: { readonly used: boolean },
): Promise<SessionHolder | undefined> {
  const holder = await repository.findSessionHolder.first(ctx.db, {
    secret_hash: hashSecret(secret),
    idle_seconds: sessionLimits.idle,
    recent_seconds: recentSeconds,
  })
  if (used && holder?.unseen) {
    // Nobody is kept out because it could not be written down.
    await repository.noteSeen
      .all(ctx.db, { id: holder.credential.id })
      .catch((error: unknown) => ctx.log.warn({ err: error }, 'could not note that a session was seen'))
  }
  return holder
}

export async function list(ctx: Context, actor: Actor, query: PageQuery): Promise<Page<Session>> {
  const filters = { user_id: ownUserId(actor), idle_seconds: sessionLimits.idle }
  const page = await repository.pageOfSessions(ctx.db, filters, query)
  const { credential } = actor
  const isCurrent = ({ id }: { id: number }) => credential?.type === 'session' && credential.id === id
  return { ...page, rows: page.rows.map((session) => ({ ...session, current: isCurrent(session) })) }
}

/** Throws a 404 for a session that is another's, ended, or not there: all the same. */
export async function end(ctx: Context, actor: Actor, id: number): Promise<void> {
  const ended = await repository.endSession.first(ctx.db, {
    id,
    user_id: ownUserId(actor),
    ...auditing(actor),
  })
  if (!ended) throw notFound(`You have no session ${id}.`)
}

/** Ends what this very call was let in with. */
export async function signOut(ctx: Context, actor: Actor): Promise<void> {
  const { credential } = actor
  if (credential === null) return
  const values = { id: credential.id, user_id: ownUserId(actor), ...auditing(actor) }
  await (credential.type === 'session'
    ? repository.endSession.all(ctx.db, values)
    : tokens.revokeToken.all(ctx.db, values))
}

/** Ends every session, token and grant of the caller, this one too. */
export async function signOutEverywhere(ctx: Context, actor: Actor): Promise<void> {
  const id = ownUserId(actor)
  await inTransaction(ctx, async (ctx) => {
    await lockAccount.all(ctx.db, { id })
    await endAccess.all(ctx.db, { id, ...auditing(actor) })
  })
}
