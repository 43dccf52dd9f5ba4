// What every use case may touch, and on whose behalf it runs.
import type { Role, Scope } from '../contract/index.ts'
import type { Config } from './config.ts'
import type { Database } from './db/database.ts'
import type { Files } from './files/files.ts'
import type { Pictures } from './files/pictures.ts'
import type { Log } from './log.ts'
import type { Mailer } from './mail/mail.ts'

export interface Context {
  readonly config: Config
  /** The handle for statements: the pool, or inside a transaction its connection. */
  readonly db: Database
  readonly files: Files
  readonly pictures: Pictures
  readonly mailer: Mailer
  readonly log: Log
  /** Milliseconds since 1970; tests move it. */
  readonly clock: () => number
}

/** What a caller was let in with. An access token is a client's, which acts for them. */
export interface Credential {
  readonly type: 'token' | 'session' | 'access_token'
  readonly id: number
  /** Of an access token, whose it is. */
  readonly client_id?: string
}

/** Who is calling. A call without credentials under ANONYMOUS_ROLE has a role, and neither user nor credential. */
export interface Actor {
  readonly user_id: number | null
  readonly credential: Credential | null
  readonly role: Role
  /** What a client that acts for them was granted; null where they act themselves. */
  readonly scopes: readonly Scope[] | null
  readonly request_id: string
}
