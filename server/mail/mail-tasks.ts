import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import type { Tasks } from '../jobs/worker.ts'
import { mailFolder } from './file-mailer.ts'

/** In milliseconds. */
const kept = 30 * 86_400_000

export function mailTasks({ config, clock }: Context): Tasks {
  return {
    /** Mails that were written to files, which hold what people said, and links. */
    forget_mail_files: {
      schedule: '13 3 * * *',
      async work() {
        const folder = mailFolder(config.dataDir)
        const files = await readdir(folder).catch(() => [])
        for (const file of files.filter((name) => /\.eml(?:\.part)?$/.test(name))) {
          const path = join(folder, file)
          // Another instance may have been at it first.
          const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }))
          if (mtimeMs < clock() - kept) await rm(path, { force: true })
        }
      },
    },
  }
}
