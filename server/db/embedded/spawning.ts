// Running PostgreSQL's programs on a folder, as their user, wherever that folder lies.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { EmbeddedPostgresError, messageOf } from './errors.ts'
import { libraryFolder } from './run-folder.ts'
import { serverEnvironment } from './settings.ts'
import type { Cluster } from './types.ts'

export interface Run {
  program: string
  flags: string[]
  /** The cluster's folder, which the program gets as -D. */
  folder: string
  runFolder: string | undefined
  output: 'pipe' | number
  detached?: boolean
}

/**
 * As root, the folder's parents may be closed to PostgreSQL's user. So we open the folder ourselves and hand
 * it over as file 3: the kernel's link to it leads there without asking the parents, in every process that
 * inherits it, and makes any length of DATA_DIR possible. The plainer /proc/self/cwd fails with PostgreSQL
 * 15, which leaves its folder at start and cannot find back.
 */
export function runOnFolder(run: Run, { user, binaries }: Cluster): ChildProcess {
  const { program, flags, folder, runFolder, output, detached = false } = run
  const opened = user && process.platform === 'linux' ? openSync(folder, 'r') : undefined
  const library = runFolder && binaries.links.length > 0 ? libraryFolder(runFolder) : undefined
  try {
    return spawn(program, ['-D', opened === undefined ? folder : '/proc/self/fd/3', ...flags], {
      cwd: '/',
      env: serverEnvironment(library),
      windowsHide: true,
      detached,
      stdio: ['ignore', output, output, ...(opened === undefined ? [] : [opened])],
      ...user,
    })
  } catch (error) {
    // Node throws what is wrong with the user; what is wrong with the program comes as an event.
    throw new EmbeddedPostgresError(
      `${program} could not be started as the user with id ${user?.uid ?? process.getuid?.()}: ` +
        `${messageOf(error)}. ` +
        'Start Frontdesk as an ordinary user, or set DATABASE_URL to a PostgreSQL server.',
    )
  } finally {
    if (opened !== undefined) closeSync(opened)
  }
}
