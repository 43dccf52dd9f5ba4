// Secrets that a machine keeps: 256 random bits, of which only SHA-256 is stored.
import { createHash, randomBytes } from 'node:crypto'

/** What a secret is for, told by its beginning, so that a leaked one can be recognised. */
export const secretPrefixes = {
  /** What a client acts with. */
  accessToken: 'fda_',
  /** A browser that is signed in. */
  session: 'fdb_',
  client: 'fdc_',
  mailedLink: 'fdm_',
  refreshToken: 'fdr_',
  /** The link that makes the first admin. */
  setUp: 'fds_',
  /** A person's own, from POST /token. */
  token: 'fdt_',
} as const

export function newSecret(kind: keyof typeof secretPrefixes): string {
  return secretPrefixes[kind] + randomBytes(32).toString('base64url')
}

export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
