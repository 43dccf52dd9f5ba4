// Without a mail server: each mail is a file that a person can open, and follow the link in it. For trying out, and never silent.
import { randomBytes } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../log.ts'
import type { Mail, Mailer } from './mail.ts'
import { headersOf } from './mail-headers.ts'
import { safe } from './safe-mail.ts'

export const mailFolder = (dataDir: string): string => join(dataDir, 'mail')

/** Links in them let people in, so they are for their owner's eyes alone. */
export function fileMailer(dataDir: string, from: string, log: Log): Mailer {
  const folder = mailFolder(dataDir)
  return {
    async send(mail) {
      const text = asMessage(safe(mail), from, new Date())
      await mkdir(folder, { recursive: true, mode: 0o700 })
      // By time, so that the latest is the last.
      const name = `${new Date().toISOString().replaceAll(':', '-')}-${randomBytes(4).toString('hex')}.eml`
      const file = join(folder, name)
      await writeFile(`${file}.part`, text, { mode: 0o600, flag: 'wx' })
      await rename(`${file}.part`, file)
      log.warn({ file }, 'no mail server is configured (SMTP_URL), so a mail was written to a file')
    },
  }
}

/** RFC 5322, as it is: no encoding folds a link. */
function asMessage(mail: Mail, from: string, at: Date): string {
  const { to, subject, text } = mail
  const headers = {
    Date: at.toUTCString().replace('GMT', '+0000'),
    From: `Frontdesk <${from}>`,
    To: to,
    Subject: subject,
    ...headersOf(mail),
    'MIME-Version': '1.0',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Transfer-Encoding': '8bit',
  }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return `${[...head, '', ...text.split('\n')].join('\r\n')}\r\n`
}
