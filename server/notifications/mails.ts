// What the mails about tickets say. Plain text: what happened, what was written, and how to get no more of them.
import type { TicketStatus } from '../../contract/index.ts'
import type { Mail } from '../mail/mail.ts'
import { forHeader, oneLine, quoted } from './notification-rules.ts'

type Text = Pick<Mail, 'subject' | 'text'>

interface About {
  readonly ticket_id: number
  readonly subject: string
  /** Where these mails are stopped. */
  readonly link: string
}

export interface Written {
  readonly author: string
  readonly message: string
  /** True of the beginning of something longer. */
  readonly cut: boolean
  /** The names of what is attached. */
  readonly files: readonly string[]
}

function mail(about: About, why: string, ...paragraphs: readonly string[]): Text {
  return {
    subject: forHeader(`[#${about.ticket_id}] ${about.subject}`),
    text: `${[
      'Hello,',
      ...paragraphs,
      'Please do not answer this mail: nobody reads that.',
      `--\n${why} To get no more of them, follow this link:\n${about.link}`,
    ].join('\n\n')}\n`,
  }
}

const toCustomer = 'You get mails about what you have asked us.'
const toOperator = 'You get mails about the work that is given to you.'
const toAdmin = 'You get mails about what nobody works on.'

const named = ({ ticket_id, subject }: About) => `ticket #${ticket_id}, “${oneLine(subject)}”`
const said = ({ message, cut, files }: Omit<Written, 'author'>) =>
  [
    quoted(message),
    ...(cut ? ['(It goes on in the ticket.)'] : []),
    ...(files.length === 0 ? [] : [`With it: ${files.map(oneLine).join(', ')}`]),
  ].join('\n\n')

const inWords = (status: TicketStatus) => status.toLowerCase().replaceAll('_', ' ')

interface Replies extends About {
  readonly posts: readonly Written[]
  /** How many there are besides. */
  readonly more: number
}

function replies({ posts, more }: Replies): string[] {
  const all = posts.flatMap((post) => [`${oneLine(post.author)} wrote:`, said(post)])
  return more === 0 ? all : [...all, `There are ${more} more, which are in the ticket.`]
}

export const repliesToCustomer = (about: Replies): Text =>
  mail(about, toCustomer, `there is an answer to your ${named(about)}.`, ...replies(about))

export const repliesToOperator = (
  about: Replies & { readonly status: TicketStatus; readonly unattended: boolean | null },
): Text =>
  mail(
    about,
    about.unattended ? toAdmin : toOperator,
    `there is an answer to ${named(about)}, which is ${inWords(about.status)}${about.unattended ? ', and nobody works on it' : ''}.`,
    ...replies(about),
  )

export const resolution = (
  about: About & { readonly status: TicketStatus; readonly comment: Written },
): Text =>
  mail(
    about,
    toCustomer,
    `your ${named(about)} was ${about.status === 'COMPLETED' ? 'completed' : 'rejected'}.`,
    said(about.comment),
  )

export const assignment = (about: About & { readonly priority: string; readonly ask: Written }): Text =>
  mail(
    about,
    toOperator,
    `${named(about)}, was given to you. Its priority is ${about.priority}.`,
    `${oneLine(about.ask.author)} asks:`,
    said(about.ask),
  )
