// Keys made of the product's one secret (SECRET_KEY): one for each purpose, of which none leads to another, nor to the secret.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

type Purpose =
  | 'cursors'
  | 'fingerprints of calls'
  | 'known devices'
  | 'oauth cookies'
  | 'oauth sealing'
  | 'unsubscribe links'

export const derivedKey = (secret: string, purpose: Purpose): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `frontdesk ${purpose}`, 32))

/** What SHA-256 takes in base64url. */
export const signatureLength = 43

export interface Signer {
  /** `signatureLength` characters of base64url. */
  sign(data: string): string
  /** Takes as long for a signature that is almost right as for any other. */
  isSigned(data: string, signature: string): boolean
}

/** Signs what callers carry for us (HMAC-SHA-256), so that they bring it back as it was. */
export function signer(key: Buffer): Signer {
  const sign = (data: string) => createHmac('sha256', key).update(data).digest('base64url')
  return {
    sign,
    isSigned(data, signature) {
      const [right, given] = [Buffer.from(sign(data)), Buffer.from(signature)]
      return right.length === given.length && timingSafeEqual(right, given)
    },
  }
}
