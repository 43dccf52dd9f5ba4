import pg from 'pg'
import type { Database } from './database.ts'

/**
 * Runs a use case in one transaction. The context it gets shadows the outer one, so that no query can escape:
 * `inTransaction(ctx, async (ctx) => …)`. Rolls back on any throw; inside another transaction it is a part of that one. Most
 * writes need none: they are one statement.
 */
export async function inTransaction<Context extends { readonly db: Database }, T>(
  ctx: Context,
  work: (ctx: Context) => Promise<T>,
): Promise<T> {
  if (!(ctx.db instanceof pg.Pool)) return work(ctx)
  const client = await ctx.db.connect()
  let broken: unknown
  try {
    await client.query('begin')
    const result = await work({ ...ctx, db: client })
    await client.query('commit')
    return result
  } catch (error) {
    broken = await rollBack(client)
    throw error
  } finally {
    // A connection that cannot even roll back is closed, not given to the next caller.
    client.release(broken !== undefined)
  }
}

async function rollBack(client: pg.PoolClient): Promise<unknown> {
  try {
    await client.query('rollback')
    return undefined
  } catch (error) {
    return error
  }
}
