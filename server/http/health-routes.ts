import { setTimeout as pause } from 'node:timers/promises'
import { health, livez, readyz } from '../../contract/index.ts'
import type { Context } from '../context.ts'
import { AppError, unavailable } from '../errors.ts'
import { frontdeskVersion } from '../version.ts'
import type { Api } from './api.ts'

/** A balancer asks often and waits little. */
const patience = 500
const betweenPings = 20

export function healthRoutes(api: Api, ctx: Context) {
  let stopping = false
  api.addHook('preClose', async () => void (stopping = true))

  async function databaseAnswers(): Promise<boolean> {
    const until = performance.now() + patience
    return Promise.race([ping(until), pause(patience, false, { ref: false })])
  }

  /** Asks again where too many wait before us: by overload an instance is not unready, or the others would get its load too. */
  async function ping(until: number): Promise<boolean> {
    try {
      await ctx.db.query({ name: 'ping', text: 'select 1' })
      return true
    } catch (error) {
      if (!(error instanceof AppError) || performance.now() > until) return false
      await pause(betweenPings)
      return ping(until)
    }
  }

  api.route({ ...livez, handler: () => ({ status: 'ok' as const }) })
  api.route({
    ...readyz,
    handler: async () => {
      if (stopping) throw unavailable('Stopping.')
      if (!(await databaseAnswers())) throw unavailable('The database does not answer.')
      return { status: 'ok' as const }
    },
  })
  api.route({
    ...health,
    handler: async () => {
      if (!(await databaseAnswers())) throw unavailable('The database does not answer.')
      return { status: 'ok' as const, version: frontdeskVersion, database: 'ok' as const }
    },
  })
}
