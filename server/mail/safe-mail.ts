// What must hold of a mail whatever it says: nothing in it may begin a header of its own, or name a second recipient.
import type { Mail } from './mail.ts'

const isHeaderSafe = (text: string) => !/[\p{Cc}\u2028\u2029]/u.test(text)
const isOneAddress = (address: string) =>
  /^[^\s\p{Cc}<>"(),:;[\]\\@]+@[^\s\p{Cc}<>"(),:;\\@]+$/u.test(address)

/** Answers the mail. Throws for one that must not be sent. */
export function safe(mail: Mail): Mail {
  if (!isOneAddress(mail.to)) throw new Error('The address of a mail is not one plain address')
  if (!isHeaderSafe(mail.subject)) throw new Error('The subject of a mail holds control characters')
  return mail
}

/** Of an address what may be logged: whose server it is at. */
export const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1)
