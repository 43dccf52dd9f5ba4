import pg from 'pg'
import { type Database, isUnavailable } from './database.ts'

/**
 * Runs a use case in one transaction. The context it gets shadows the outer one, so that no query can escape:
 * `inTransaction(ctx, async (ctx) => …)`. Rolls back on any throw; inside another transaction it is an attempt in that one.
 * Most writes need none: they are one statement.
 */
export async function inTransaction<Context extends { readonly db: Database }, T>(
  ctx: Context,
  work: (ctx: Context) => Promise<T>,
): Promise<T> {
  if (!(ctx.db instanceof pg.Pool)) return attempt(ctx, work)
  const client = await ctx.db.connect()
  let broken = false
  try {
    await client.query('begin')
    const result = await work({ ...ctx, db: client })
    const { command } = await client.query('commit')
    // What PostgreSQL answers when a statement had failed in it, and nobody had undone that.
    if (command === 'ROLLBACK') throw new Error('The transaction could not be committed')
    return result
  } catch (error) {
    // A connection that cannot even roll back is closed, not given to the next caller. One that is gone is not asked to: it
    // may be silent, and would be waited for again. To a server that has become another's copy none is kept.
    broken = isUnavailable(error) || (await rollBack(client)) !== undefined
    throw error
  } finally {
    client.release(broken)
  }
}

/**
 * Runs work that may fail and be answered all the same. In a transaction, PostgreSQL takes no further statement after one that
 * failed: there, what throws is undone alone, and the transaction goes on.
 */
export async function attempt<Context extends { readonly db: Database }, T>(
  ctx: Context,
  work: (ctx: Context) => Promise<T>,
): Promise<T> {
  if (ctx.db instanceof pg.Pool) return work(ctx)
  await ctx.db.query({ text: 'savepoint attempt' })
  try {
    const result = await work(ctx)
    await ctx.db.query({ text: 'release savepoint attempt' })
    return result
  } catch (error) {
    // The transaction is given up with its connection.
    if (isUnavailable(error)) throw error
    await ctx.db.query({ text: 'rollback to savepoint attempt; release savepoint attempt' })
    throw error
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
