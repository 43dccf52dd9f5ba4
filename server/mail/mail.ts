// Mail that leaves the system. It knows no module: what a mail says is theirs. Sent by jobs only, so that no call waits for a mail
// server, and what fails is tried again.

export interface Mail {
  /** One address, as the contract has checked it. */
  readonly to: string
  readonly subject: string
  /** Plain text. */
  readonly text: string
  /** Its name, `<…@…>`: what is sent twice under one name is one mail. */
  readonly id?: string
  /** The name of the conversation that it belongs to. */
  readonly thread?: string
  /** Where whoever gets it can stop such mails, also by a button of their mail program (RFC 8058). */
  readonly unsubscribe?: string
}

export interface Mailer {
  /** Throws where it is worth trying again. What a server refuses for good is logged, and done. */
  send(mail: Mail, signal?: AbortSignal): Promise<void>
}
