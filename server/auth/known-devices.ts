// A browser in which somebody has signed in before is known by a mark: who tries their name from elsewhere, time and again, does
// not keep them out there (OWASP, device cookies). The mark lets nobody in.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

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
  const key = createHmac('sha256', secret).update('known devices').digest()
  // Whatever two spellings find one account: a mark that fits too many names opens no more than a count of tries.
  const sign = (username: string, number: string) =>
    createHmac('sha256', key).update(`${number}\n${username.toLowerCase()}`).digest('base64url')

  return {
    markFor(username) {
      const number = randomBytes(16).toString('base64url')
      return `${number}.${sign(username, number)}`
    },
    deviceOf(username, mark = '') {
      const [number = '', signature = ''] = mark.split('.')
      const [given, right] = [Buffer.from(signature), Buffer.from(sign(username, number))]
      return given.length === right.length && timingSafeEqual(given, right) ? number : undefined
    },
  }
}
