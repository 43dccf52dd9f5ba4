// A real mail server for tests: what it takes is kept, and it can refuse, fall silent, be shut and opened again.
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterAll } from 'vitest'
import type { SmtpConfig } from '../../server/mail-config.ts'

export interface Received {
  readonly from: string
  readonly to: readonly string[]
  readonly user: string | undefined
  readonly encrypted: boolean
  /** As it came over the wire. */
  readonly message: string
}

const servers: SMTPServer[] = []
afterAll(() =>
  Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))),
)

/** An error as a mail server says it. */
export const reply = (responseCode: number, message: string) =>
  Object.assign(new Error(message), { responseCode })

export async function mailServer(options: SMTPServerOptions = {}, port = 0) {
  const received: Received[] = []
  const server = new SMTPServer({
    logger: false,
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    closeTimeout: 100,
    onData(stream, { envelope, user, secure }, done) {
      let message = ''
      stream.setEncoding('utf8').on('data', (part: string) => void (message += part))
      stream.on('end', () => {
        received.push({
          from: envelope.mailFrom === false ? '' : (envelope.mailFrom?.address ?? ''),
          to: envelope.rcptTo.map(({ address }) => address),
          user: user as string | undefined,
          encrypted: secure,
          message,
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => {}) // a client went away
  servers.push(server)
  const listening = server.listen(port, '127.0.0.1')
  await once(listening, 'listening')
  const smtp: SmtpConfig = {
    host: '127.0.0.1',
    port: (listening.address() as AddressInfo).port,
    secure: false,
    tls: false,
    user: undefined,
    password: undefined,
  }
  return { received, smtp, shut: () => new Promise<void>((resolve) => server.close(() => resolve())) }
}
