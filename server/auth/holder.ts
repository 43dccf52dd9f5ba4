import type { Role, Scope } from '../../contract/index.ts'
import type { Credential } from '../context.ts'

/** Whom a secret lets in, as long as it does. */
export interface Holder {
  readonly credential: Credential
  readonly user_id: number
  readonly role: Role
  /** What a client was granted that acts for them; null for their own sign-in. */
  readonly scopes: readonly Scope[] | null
  /** How long it still works. */
  readonly seconds_left: number
  /** Whether their password was shown within the last ten minutes; true of a client, whose scopes say what it may. */
  readonly recent: boolean
}

/** Whom a browser's session lets in. */
export interface SessionHolder extends Holder {
  /** When their password was last shown, in seconds since 1970. */
  readonly signed_in_at: number
}

export type FindHolder = (secret: string) => Promise<Holder | undefined>

/** How long ago a password may have been shown for what is dangerous. */
export const recentSeconds = 600
