// Secrets that a machine keeps: 256 random bits, of which only SHA-256 is stored.
import { createHash, randomBytes } from 'node:crypto'

/** What a secret is for, told by its beginning, so that a leaked one can be recognised. */
export type SecretPrefix = 'fdc_' | 'fdt_' | 'fds_' | 'fdb_' | 'fdm_'

export function newSecret(prefix: SecretPrefix): string {
  return prefix + randomBytes(32).toString('base64url')
}

export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
