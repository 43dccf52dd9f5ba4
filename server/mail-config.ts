// How mail leaves, out of the environment.
import { isIP } from 'node:net'
import { choice, type Environment, read, type Refuse } from './environment.ts'
import { isLoopback } from './loopback.ts'

export interface SmtpConfig {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; otherwise it begins after the greeting (STARTTLS). */
  readonly secure: boolean
  /** False where nothing is encrypted: a server on this machine, or one that SMTP_TLS=off says to trust the way to. */
  readonly tls: boolean
  readonly user: string | undefined
  readonly password: string | undefined
}

export interface MailConfig {
  /** Undefined means: into files. */
  readonly smtp: SmtpConfig | undefined
  /** The address that mail comes from. */
  readonly from: string
}

export function mailConfig(env: Environment, publicUrl: string, refuse: Refuse): MailConfig {
  const from = read(env, 'SMTP_FROM', refuse) ?? `frontdesk@${domainOf(publicUrl)}`
  if (!/^[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+$/.test(from))
    refuse(`SMTP_FROM must be one plain e-mail address, such as desk@example.com, not ${from}`)
  return { smtp: smtpConfig(env, refuse), from }
}

function smtpConfig(env: Environment, refuse: Refuse): SmtpConfig | undefined {
  const value = read(env, 'SMTP_URL', refuse)
  const tlsWanted = choice(env, 'SMTP_TLS', ['on', 'off'] as const, refuse)
  if (value === undefined) return undefined
  const url = URL.parse(value)
  // It may hold a password, so it is not repeated.
  if (
    !url ||
    !/^smtps?:$/.test(url.protocol) ||
    !url.hostname ||
    !/^\/?$/.test(url.pathname) ||
    url.search ||
    url.hash
  ) {
    refuse(
      'SMTP_URL must look like smtp://user:password@mail.example.com:587, or smtps:// for TLS from the start',
    )
    return undefined
  }
  const [user, password] = [url.username, url.password].map(decoded)
  if (user === undefined || password === undefined) {
    refuse('SMTP_URL must write a % in a user or a password as %25')
    return undefined
  }
  const secure = url.protocol === 'smtps:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const onThisMachine = isLoopback(host)
  const tls = secure || (tlsWanted ?? (onThisMachine ? 'off' : 'on')) === 'on'
  if (user !== '' && !tls && !onThisMachine)
    refuse('SMTP_TLS=off would send the password of SMTP_URL to another machine for all to read')
  return {
    host,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    tls,
    user: user || undefined,
    password: password || undefined,
  }
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** Of the desk; an address that is a number is no domain. */
function domainOf(publicUrl: string): string {
  const hostname = URL.parse(publicUrl)?.hostname ?? ''
  return hostname === '' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 ? 'localhost' : hostname
}
