// Keeps what the server must read again, and nobody else who gets hold of the database: AES-256-GCM under a key made of SECRET_KEY.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { derivedKey } from '../credentials/derived-key.ts'

export interface Sealing {
  seal(value: unknown): Buffer
  /** Undefined for what was sealed with another key, or changed since. */
  open(sealed: Buffer): unknown
}

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

export function sealingOf(secret: string): Sealing {
  const key = derivedKey(secret, 'oauth sealing')
  return {
    seal(value) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(algorithm, key, nonce)
      const text = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()])
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
