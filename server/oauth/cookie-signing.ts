// Signs the cookies of a browser on its way through an authorization, in the shape that oidc-provider's cookie library asks for.
import { derivedKey, signer } from '../credentials/derived-key.ts'

export interface CookieSigning {
  sign(data: string): string
  verify(data: string, digest: string): boolean
  /** Which of the keys has signed it: there is one. */
  index(data: string, digest: string): number
}

export function cookieSigningOf(secret: string): CookieSigning {
  const { sign, isSigned } = signer(derivedKey(secret, 'oauth cookies'))
  return { sign, verify: isSigned, index: (data, digest) => (isSigned(data, digest) ? 0 : -1) }
}
