import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import { fileMailer } from './file-mailer.ts'
import type { Mailer } from './mail.ts'
import { smtpMailer } from './smtp-mailer.ts'

/** By the mail server that is configured; without one into files, which a person can read. */
export function mailerOf({ mail, dataDir }: Config, log: Log): Mailer {
  return mail.smtp ? smtpMailer(mail.smtp, mail.from, log) : fileMailer(dataDir, mail.from, log)
}
