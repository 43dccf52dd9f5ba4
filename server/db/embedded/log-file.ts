// PostgreSQL's own log, DATA_DIR/postgres.log: one file for each start, the previous one kept, never large.
import { closeSync, openSync } from 'node:fs'
import { copyFile, readdir, readFile, rename, rm, stat, truncate } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'

const LARGEST = 10_000_000
const FORGOTTEN_AFTER_MS = 60_000

export interface LogFile {
  descriptor: number
  path: string
  kept: boolean
}

/**
 * Opens a log for one attempt to start. It takes its place (keepLog) only when that server has won the
 * cluster: of two simultaneous starts the loser must not rename the log the winner writes to.
 */
export function openLog(dataDir: string): LogFile {
  const path = join(dataDir, `postgres.log.${randomUUID()}`)
  return { descriptor: openSync(path, 'ax', 0o600), path, kept: false }
}

export function closeLog(log: LogFile): void {
  closeSync(log.descriptor)
}

export async function keepLog(log: LogFile, dataDir: string): Promise<void> {
  if (log.kept) return
  const path = join(dataDir, 'postgres.log')
  await rename(path, `${path}.1`).catch(() => undefined)
  await rename(log.path, path)
  log.path = path
  log.kept = true
}

export async function dropLog(log: LogFile): Promise<void> {
  if (!log.kept) await rm(log.path, { force: true })
}

/** Logs of starts whose process was killed before either of the above. */
export async function removeForgottenLogs(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!/^postgres\.log\.[0-9a-f-]{36}$/.test(name)) continue
    const path = join(dataDir, name)
    const age = await stat(path).then(
      (file) => Date.now() - file.mtimeMs,
      () => 0,
    )
    if (age > FORGOTTEN_AFTER_MS) await rm(path, { force: true })
  }
}

/** Why the server gave up, in its own words. */
export async function lastWords(log: LogFile): Promise<string> {
  const text = await readFile(log.path, 'utf8').catch(() => '')
  const lines = text.trim().split('\n').slice(-50)
  const telling = lines.filter((line) => /\b(FATAL|PANIC|HINT|error while loading)\b/.test(line))
  return (telling.length > 0 ? telling : lines)
    .slice(-3)
    .map((line) => line.replace(/^.*?\] (?=[A-Z]+: )/, '').replace(/\s+/g, ' '))
    .join(' ')
}

/** Copy and cut, not rename: the server holds the file open, and it appends, so it goes on at the new end. */
export async function boundLog(dataDir: string): Promise<void> {
  const path = join(dataDir, 'postgres.log')
  const size = await stat(path).then(
    (file) => file.size,
    () => 0,
  )
  if (size <= LARGEST) return
  await copyFile(path, `${path}.1`)
  await truncate(path)
}
