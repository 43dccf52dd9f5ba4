// Mail in place of a mail server: what was to be sent is kept, for tests to read.
import { runOnce } from 'graphile-worker'
import type pg from 'pg'
import { queueLogger, taskListOf, type Tasks } from '../../server/jobs/worker.ts'
import type { Mail, Mailer } from '../../server/mail/mail.ts'
import { silentLog } from './silent-log.ts'

export interface KeptMails extends Mailer {
  readonly kept: Mail[]
}

export function keptMails(): KeptMails {
  const kept: Mail[] = []
  return { kept, send: async (mail) => void kept.push(mail) }
}

/** Does what is due in the queue, once, and answers the mails that came of it. */
export async function mailsAfterJobs(tasks: Tasks, pool: pg.Pool, { kept }: KeptMails): Promise<Mail[]> {
  const before = kept.length
  await runOnce({
    pgPool: pool,
    taskList: taskListOf(tasks),
    noHandleSignals: true,
    logger: queueLogger(silentLog),
  })
  return kept.slice(before)
}

/** The secret behind the # of the link in a mail. */
export function secretIn(mail: Mail | undefined): string {
  const secret = /#(\S+)/.exec(mail?.text ?? '')?.[1]
  if (secret === undefined) throw new Error(`There is no link in ${JSON.stringify(mail)}`)
  return secret
}
