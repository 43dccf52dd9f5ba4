// Mail through a server that speaks SMTP. One connection for each mail: they are few, and a kept one may be dead when it is needed.
import { createTransport } from 'nodemailer'
import type { Log } from '../log.ts'
import type { SmtpConfig } from '../mail-config.ts'
import { headersOf } from './mail-headers.ts'
import { domainOf, safe } from './safe-mail.ts'
import type { Mailer } from './mail.ts'

/** In milliseconds, for each step; a server that is slow at every one of them may hold a job for 40 s. */
const patience = {
  dnsTimeout: 5_000,
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 15_000,
}

/** Where the server has answered, how. */
interface Failure {
  readonly code?: string
  readonly responseCode?: number
}

export function smtpMailer(
  { host, port, secure, tls, user, password }: SmtpConfig,
  from: string,
  log: Log,
  limits: Partial<typeof patience> = {},
): Mailer {
  const options = {
    host,
    port,
    secure,
    // Where TLS is not asked for from the start it is after the greeting, and without it nothing is sent.
    requireTLS: tls && !secure,
    ignoreTLS: !tls,
    tls: { minVersion: 'TLSv1.2' as const },
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    ...patience,
    ...limits,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
  return {
    async send(mail, signal) {
      const { to, subject, text } = safe(mail)
      signal?.throwIfAborted()
      const transport = createTransport(options)
      const stopped = new Promise<never>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('Stopped while a mail was being sent')), {
          once: true,
        })
      })
      const message = {
        from: { name: 'Frontdesk', address: from },
        to: { name: '', address: to },
        subject,
        text,
        headers: headersOf(mail),
      }
      const failure = await Promise.race([transport.sendMail(message), stopped]).then(
        () => undefined,
        (error: Failure) => error,
      )
      transport.close()
      if (failure === undefined) return
      // Its words may repeat the address, so only its codes are passed on.
      const { code, responseCode } = failure
      if (!isForGood(failure))
        throw new Error(
          `The mail server did not take a mail (${[code, responseCode].filter(Boolean).join(' ') || 'stopped'})`,
        )
      log.warn({ code: responseCode, domain: domainOf(to) }, 'the mail server refused a mail for good')
    },
  }
}

/** A 5xx about this recipient or this mail; one about signing in is for the admin to mend, and worth another try. */
function isForGood({ code, responseCode = 0 }: Failure): boolean {
  return responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE')
}
