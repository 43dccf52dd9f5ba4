// Signs the cookies of a browser on its way through an authorization, in the shape that oidc-provider's cookie library asks for.
import { createHmac, timingSafeEqual } from 'node:crypto'

export class CookieSigning {
  readonly #key: Buffer

  constructor(key: Buffer) {
    this.#key = key
  }

  sign(data: string): string {
    return createHmac('sha256', this.#key).update(data).digest('base64url')
  }

  verify(data: string, digest: string): boolean {
    const [expected, given] = [Buffer.from(this.sign(data)), Buffer.from(digest)]
    return expected.length === given.length && timingSafeEqual(expected, given)
  }

  /** Which of the keys has signed it: there is one. */
  index(data: string, digest: string): number {
    return this.verify(data, digest) ? 0 : -1
  }
}
