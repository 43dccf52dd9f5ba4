// The links by which mails are stopped: signed, so that none can be made up, and kept nowhere.
import { derivedKey, signer, signatureLength } from '../credentials/derived-key.ts'
import type { Recipient } from './notification-repository.ts'

/** Whom a link is about; only the signature says that it is one of ours. */
export interface Link {
  readonly kind: Recipient['kind']
  readonly id: number
  readonly signature: string
}

export interface UnsubscribeLinks {
  /** Good as long as their mail goes to this address. */
  linkFor(recipient: Recipient): string
  isFor(link: Link, email: string): boolean
}

const pattern = new RegExp(`^(user|customer)\\.([1-9]\\d{0,14})\\.([\\w-]{${signatureLength}})$`)

export function readLink(token: unknown): Link | undefined {
  if (typeof token !== 'string') return undefined
  const [, kind, id, signature] = pattern.exec(token) ?? []
  if (signature === undefined) return undefined
  return { kind: kind === 'user' ? 'user' : 'customer', id: Number(id), signature }
}

export function unsubscribeLinks(secret: string, publicUrl: string): UnsubscribeLinks {
  const { sign, isSigned } = signer(derivedKey(secret, 'unsubscribe links'))
  const signed = ({ kind, id }: Pick<Link, 'kind' | 'id'>, email: string) =>
    `${kind} ${id} ${email.toLowerCase()}`
  return {
    linkFor: (recipient) => {
      const { kind, id, email } = recipient
      return `${publicUrl}/unsubscribe?token=${kind}.${id}.${sign(signed(recipient, email))}`
    },
    isFor: (link, email) => isSigned(signed(link, email), link.signature),
  }
}
