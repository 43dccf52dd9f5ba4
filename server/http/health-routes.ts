import { setTimeout as pause } from 'node:timers/promises'
import { health, livez, readyz } from '../../contract/index.ts'
import type { Context } from '../context.ts'
import { unavailable } from '../errors.ts'
import { frontdeskVersion } from '../version.ts'
import type { Api } from './api.ts'

/** A balancer asks often and waits little. */
const patience = 500

export function healthRoutes(api: Api, ctx: Context) {
  let stopping = false
  api.addHook('preClose', async () => void (stopping = true))

  async function databaseAnswers(): Promise<boolean> {
    const answered = ctx.db.query({ name: 'ping', text: 'select 1' }).then(
      () => true,
      () => false,
    )
    return Promise.race([answered, pause(patience, false, { ref: false })])
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
