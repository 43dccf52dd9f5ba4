// A process that owns an embedded PostgreSQL, so that tests can kill one: started by `startDesk`.
import { EmbeddedPostgresError, startEmbeddedPostgres } from '../../server/db/embedded/index.ts'

const tell = (message: object) => process.send?.(message)
const log = {
  info: (facts: object, message: string) => tell({ event: 'log', level: 'info', message, facts }),
  warn: (facts: object, message: string) => tell({ event: 'log', level: 'warn', message, facts }),
  error: (facts: object, message: string) => tell({ event: 'log', level: 'error', message, facts }),
}

try {
  const postgres = await startEmbeddedPostgres({ ...JSON.parse(process.argv[2] ?? '{}'), log })
  process.on('message', () => {
    void postgres.stop().then(() => process.exit(0))
  })
  tell({ event: 'ready', connection: postgres.connection })
} catch (error) {
  if (!(error instanceof EmbeddedPostgresError)) throw error
  tell({ event: 'refused', sentence: error.message })
  process.disconnect?.()
}
