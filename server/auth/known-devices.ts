// A browser in which somebody has signed in before is known by a mark: who tries their name from elsewhere, time and again, does
// not keep them out there (OWASP, device cookies). The mark lets nobody in.
import { randomBytes } from 'node:crypto'
import { derivedKey, signer } from '../credentials/derived-key.ts'

/** Half a year. */
export const deviceSeconds = 180 * 86_400

export interface KnownDevices {
  /** A fresh mark, for a browser in which this user has just signed in. */
  markFor(username: string): string
  /** The device's own number, where this mark was made for this name; undefined for any other. */
  deviceOf(username: string, mark: string | undefined): string | undefined
}

/** `secret`: the product's own, which signs the marks. */
export function knownDevices(secret: string): KnownDevices {
  const { sign, isSigned } = signer(derivedKey(secret, 'known devices'))
  // Whatever two spellings find one account: a mark that fits too many names opens no more than a count of tries.
  const known = (username: string, number: string) => `${number}\n${username.toLowerCase()}`

  return {
    markFor(username) {
      const number = randomBytes(16).toString('base64url')
      return `${number}.${sign(known(username, number))}`
    },
    deviceOf(username, mark = '') {
      const dot = mark.indexOf('.')
      const number = mark.slice(0, dot)
      return isSigned(known(username, number), mark.slice(dot + 1)) ? number : undefined
    },
  }
}
