// What must hold of a mail whatever it says: nothing in it may begin a header of its own, or name a second recipient.
import type { Mail } from './mail.ts'

const isHeaderSafe = (text: string) => !/[\p{Cc}\u2028\u2029]/u.test(text)
const isOneAddress = (address: string) =>
  /^[^\s\p{Cc}<>"(),:;[\]\\@]+@[^\s\p{Cc}<>"(),:;\\@]+$/u.test(address)
const isMessageId = (name: string) => /^<[\w.+-]{1,100}@[\w.:[\]-]{1,255}>$/.test(name)
const isWebAddress = (address: string) => /^https?:\/\/[\x21-\x3b\x3d\x3f-\x7e]{1,800}$/.test(address)

/** Answers the mail. Throws for one that must not be sent. */
export function safe(mail: Mail): Mail {
  if (!isOneAddress(mail.to)) throw new Error('The address of a mail is not one plain address')
  if (!isHeaderSafe(mail.subject)) throw new Error('The subject of a mail holds control characters')
  if (![mail.id, mail.thread].every((name) => name === undefined || isMessageId(name)))
    throw new Error('The name of a mail is none')
  if (mail.unsubscribe !== undefined && !isWebAddress(mail.unsubscribe))
    throw new Error('Where a mail can be stopped is no web address')
  return mail
}

/** Of an address what may be logged: whose server it is at. */
export const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1)
