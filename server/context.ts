// What every use case may touch, and on whose behalf it runs.
import type { Role } from '../contract/index.ts'
import type { Config } from './config.ts'
import type { Database } from './db/database.ts'
import type { Log } from './log.ts'

export interface Context {
  readonly config: Config
  /** The handle for statements: the pool, or inside a transaction its connection. */
  readonly db: Database
  readonly log: Log
  /** Milliseconds since 1970; tests move it. */
  readonly clock: () => number
}

/** Who is calling. A call without credentials under ANONYMOUS_ROLE has a role, and neither user nor token. */
export interface Actor {
  readonly user_id: number | null
  readonly token_id: number | null
  readonly role: Role
  readonly request_id: string
}
