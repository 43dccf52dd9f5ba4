// Reading the feed, a part at a time.
import type { listEvents, Event, Query, Reply } from '../../contract/index.ts'
import type { ChangePolicies } from '../change.ts'
import type { Actor, Context } from '../context.ts'
import { relay } from '../db/relay.ts'
import { type AppError, conflict } from '../errors.ts'
import * as repository from './feed-repository.ts'
import { eventFor, fieldsOf, isOfType } from './feed-rules.ts'

/** However little of it the caller may see. */
const lookedAtOnce = 2_000

export async function list(
  ctx: Context,
  policies: ChangePolicies,
  actor: Actor,
  { after = 0, limit = 100, type }: Query<typeof listEvents>,
): Promise<Reply<typeof listEvents>> {
  const end = await currentEnd(ctx)
  if (after > end) throw ahead(after, end)
  const fields = fieldsOf(policies)
  const last = Math.min(end, after + lookedAtOnce)
  const results: Event[] = []
  let looked = after
  // As many as are wanted at first, which is enough for whoever may see them all.
  for (let until = after + limit; looked < last && results.length < limit; until = last) {
    const changes = await repository.changesBetween.all(ctx.db, {
      after: looked,
      until: Math.min(until, last),
      fields,
    })
    looked = Math.min(until, last)
    for (const change of changes) {
      const event = isOfType(change, type) ? eventFor(policies, actor, change) : undefined
      if (event) results.push(event)
      if (results.length === limit) {
        looked = change.id
        break
      }
    }
  }
  return { results, after: looked, end_of_stream: looked === end }
}

/** The last position in the chain, after all that is committed has been put into it. */
export async function currentEnd(ctx: Context): Promise<number> {
  await relay(ctx.db)
  return (await repository.lastPosition.first(ctx.db, {}))?.position ?? 0
}

/** Else a reader would wait in silence until the chain is as long again, and miss all that came meanwhile. */
export const ahead = (after: number, end: number): AppError =>
  conflict(
    'position_ahead',
    `The feed ends at ${end}, and you know it up to ${after}: the database was restored from an older backup. Read all anew, with after=0.`,
  )
