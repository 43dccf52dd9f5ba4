// Keeps what the server must read again, and nobody else who gets hold of the database: AES-256-GCM under keys made of SECRET_KEY.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

export interface Sealing {
  seal(value: unknown): Buffer
  /** Undefined for what was sealed with another key, or changed since. */
  open(sealed: Buffer): unknown
}

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** A key for one purpose, of which none leads to another, nor to the secret. */
export const derivedKey = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `frontdesk oauth ${purpose}`, 32))

export function sealingWith(key: Buffer): Sealing {
  return {
    seal(value) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(algorithm, key, nonce)
      const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), text])
    },
    open(sealed) {
      try {
        const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        })
        decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
        const text = Buffer.concat([
          decipher.update(sealed.subarray(nonceBytes + tagBytes)),
          decipher.final(),
        ])
        return JSON.parse(text.toString('utf8'))
      } catch {
        return undefined
      }
    },
  }
}
