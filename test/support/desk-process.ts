// Desks as people run them: `node server/main.ts start` in a process, a DATA_DIR and a TMPDIR of its own. What a file
// started is ended, and its folders are removed, after its last test.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterAll } from 'vitest'
import { clientOptions } from '../../server/db/database.ts'
import { findRunningPostgres } from '../../server/db/embedded/index.ts'
import { PROJECT, runs, serverPid } from './embedded-postgres.ts'

export { runs, serverPid }

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Run {
  readonly child: ChildProcess
  readonly pid: number
  readonly exit: Promise<Exit>
  /** All that it told people (standard error). */
  said(): string
  /** All that it logged (standard output). */
  logged(): string
}

export interface DeskProcess extends Run {
  readonly url: string
  readonly port: number
  /** Asks it to stop, and answers how it left. */
  stop(signal?: NodeJS.Signals): Promise<Exit>
}

export interface RunOptions {
  /** Where it lives, from `newFolder`: DATA_DIR is `data` in there, TMPDIR `tmp`, and .env is looked for in it. */
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Through bin/frontdesk.js, under another Node than the server's, as on a machine with a Node of its own. */
  readonly wrapped?: boolean
  /** In a process group of its own, as a terminal starts a program. */
  readonly detached?: boolean
}

/** Looks until it finds something; what throws is not there yet. Throws when there is nothing after half a minute. */
export async function eventually<T>(look: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await pause(20)) {
    const found = await Promise.resolve()
      .then(look)
      .catch(() => undefined)
    if (found) return found
  }
  throw new Error(`Waited in vain for ${look.toString()}`)
}

const children: { child: ChildProcess; detached: boolean }[] = []
const folders: string[] = []
/** Spares every process but the first a third of its start. */
const compileCache = mkdtempSync(join(tmpdir(), 'frontdesk-compiled-'))

afterAll(async () => {
  for (const { child, detached } of children) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue
    process.kill(detached ? -child.pid : child.pid, 'SIGKILL')
  }
  await Promise.all(folders.map(remove))
  await rm(compileCache, { recursive: true, force: true })
})

async function remove(folder: string) {
  const postgres = serverPid(dataOf(folder))
  if (runs(postgres)) process.kill(postgres, 'SIGQUIT')
  await eventually(() => !runs(postgres))
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-desk-'))
  folders.push(folder)
  // Open to the user who PostgreSQL runs as when we are root.
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'tmp'))
  await chmod(join(folder, 'tmp'), 0o1777)
  return folder
}

export const dataOf = (folder: string) => join(folder, 'data')

/** The folders of PostgreSQL's sockets that are there. */
export async function socketFolders(folder: string): Promise<string[]> {
  return (await readdir(join(folder, 'tmp'))).filter((name) => name.startsWith('frontdesk-pg-'))
}

// What makes bin/frontdesk.js believe that it runs under a Node of the system.
const anotherNode = [
  '--import',
  'data:text/javascript,process.execPath=process.execPath.concat("-of-the-system")',
]

/** Starts `frontdesk ...args`; only its environment is ours. */
export function run(
  args: readonly string[],
  { folder, env = {}, input, wrapped = false, detached = false }: RunOptions,
): Run {
  const entry = wrapped
    ? [...anotherNode, join(PROJECT, 'bin/frontdesk.js')]
    : [join(PROJECT, 'server/main.ts')]
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [...entry, ...args], {
    cwd: folder,
    detached,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH,
      NODE_COMPILE_CACHE: compileCache,
      FRONTDESK_SKIP_INSTALL: '1',
      DATA_DIR: dataOf(folder),
      TMPDIR: join(folder, 'tmp'),
      ...env,
    },
  })
  children.push({ child, detached })
  child.stdin.on('error', () => {}) // it may leave without reading
  child.stdin.end(input)
  const texts = { said: '', logged: '' }
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (texts.said += text))
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (texts.logged += text))
  // Not `exit`: its last words may still be on their way then.
  const exit = once(child, 'close').then(([code, signal]): Exit => ({ code, signal }))
  return { child, pid: child.pid ?? 0, exit, said: () => texts.said, logged: () => texts.logged }
}

/** Runs a command to its end. */
export async function finished(
  args: readonly string[],
  options: RunOptions,
): Promise<Exit & { said: string; logged: string }> {
  const command = run(args, options)
  return { ...(await command.exit), said: command.said(), logged: command.logged() }
}

/** Starts a desk on a free port and waits until it takes traffic. */
export async function startDesk(options: RunOptions & { readonly port?: number }): Promise<DeskProcess> {
  for (let tries = 1; ; tries += 1) {
    const port = options.port ?? (await freePort())
    const desk = run(['start'], { ...options, env: { PORT: String(port), ...options.env } })
    const url = `http://127.0.0.1:${port}`
    const left = desk.exit.then(() => 'left' as const)
    if ((await Promise.race([ready(url, desk), left])) === 'ready') {
      return { ...desk, url, port, stop: (signal = 'SIGTERM') => stop(desk, signal) }
    }
    // Between our look and its start another process took the port.
    if (options.port === undefined && tries < 3 && desk.said().includes('listens there already')) continue
    throw new Error(`The desk did not start:\n${desk.said()}\n${desk.logged()}`)
  }
}

async function ready(url: string, desk: Run): Promise<'ready' | 'late'> {
  const answers = await eventually(
    async () => desk.said().includes('listens on') && (await fetch(`${url}/readyz`)).ok,
  )
  return answers ? 'ready' : 'late'
}

function stop(desk: Run, signal: NodeJS.Signals): Promise<Exit> {
  desk.child.kill(signal)
  return desk.exit
}

/** Milliseconds from the first line of its log with one text to the last with another. By its own clock: the test may be late. */
export function timeBetween(desk: Run, from: string, to: string): number {
  const lines = desk.logged().split('\n')
  const timeOf = (line: string | undefined) => Date.parse(/"time":"([^"]+)"/.exec(line ?? '')?.[1] ?? '')
  return (
    timeOf(lines.findLast((line) => line.includes(to))) - timeOf(lines.find((line) => line.includes(from)))
  )
}

/** The processes that this one started and that still run (Linux). */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number)
}

function parentOf(pid: string): number {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1])
  } catch {
    return 0 // it has gone meanwhile
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Speaks to the embedded PostgreSQL of a folder; ended with the file at the latest. */
export async function connectTo(folder: string): Promise<pg.Client> {
  const connection = await findRunningPostgres({ dataDir: dataOf(folder) })
  if (!connection) throw new Error(`No PostgreSQL runs on ${folder}`)
  const client = new pg.Client({ ...clientOptions(connection), options: '-c timezone=UTC' })
  client.on('error', () => {}) // a test may end the server under it
  await client.connect()
  return client
}

export async function ask<Row = Record<string, unknown>>(
  folder: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = await connectTo(folder)
  try {
    return (await client.query(text, values)).rows as Row[]
  } finally {
    await client.end()
  }
}
