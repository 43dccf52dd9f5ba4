// What the mails say. Plain text: a link, what it is for, and what to do when one did not ask for it.
import type { Mail } from '../mail/mail.ts'

type Text = Omit<Mail, 'to'>

interface Facts {
  readonly link: string
  readonly username: string
}

const inText = (...paragraphs: readonly string[]) => `${paragraphs.join('\n\n')}\n`

export const invitation = ({ link, username }: Facts): Text => ({
  subject: 'You are invited to Frontdesk',
  text: inText(
    `Hello,\n\nan account was made for you. Your username is ${username}.`,
    'Choose a password here, within 72 hours:',
    link,
    'The link works once. If you do not know what this is about, do nothing.',
  ),
})

export const passwordReset = ({ link, username }: Facts): Text => ({
  subject: 'Choose a new password for Frontdesk',
  text: inText(
    `Hello,\n\nsomebody asked for a new password for your account ${username}.`,
    'If that was you, choose it here, within 30 minutes:',
    link,
    'The link works once. If it was not you, do nothing: your password stays as it is.',
  ),
})

export const passwordResetNotice = ({ username }: Pick<Facts, 'username'>): Text => ({
  subject: 'Your password for Frontdesk was changed',
  text: inText(
    `Hello,\n\nthe password of your account ${username} was changed by a link that was mailed to you, and everybody who was signed in with it was signed out.`,
    'If that was not you, tell an admin at once, and look who else can read your mail.',
  ),
})

const confirming =
  (why: (username: string) => string) =>
  ({ link, username }: Facts): Text => ({
    subject: 'Confirm your e-mail address for Frontdesk',
    text: inText(
      `Hello,\n\n${why(username)}`,
      'If that is right, sign in, and confirm the address here within 30 minutes:',
      link,
      'The link works once. If you do not know what this is about, do nothing.',
    ),
  })

/** By what it comes after. */
export const confirmation = {
  signing_up: confirming(
    (username) =>
      `somebody signed up with this address. The username is ${username}, and mail is to go here.`,
  ),
  making: confirming(
    (username) =>
      `an account was made for you. Your username is ${username}, and mail for it is to go to this address.`,
  ),
  change: confirming((username) => `mail for the account ${username} is to go to this address.`),
} as const

export const emailChangeNotice = (): Text => ({
  subject: 'Your e-mail address for Frontdesk is about to change',
  text: inText(
    'Hello,\n\nsomebody who is signed in as you asked that your mail go to another address from now on. It will, once they follow the link that was sent there.',
    'If that was not you, change your password now, which signs everybody else out, and tell an admin.',
  ),
})

export const emailMovedNotice = (): Text => ({
  subject: 'Your e-mail address for Frontdesk was changed',
  text: inText(
    'Hello,\n\nan admin has put another e-mail address into your account: mail from Frontdesk goes there from now on.',
    'If you know nothing of that, tell an admin.',
  ),
})
