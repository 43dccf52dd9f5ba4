// Frontdesk as people run it: a process of its own on a DATA_DIR of its own, with the PostgreSQL that comes along.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { get } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const ours = join(import.meta.dirname, '..')
const adminPassword = 'horse-battery-staple-of-the-bench'

export interface Product {
  readonly port: number
  readonly pid: number
  /** From the start of the process to its first answer. */
  readonly startMilliseconds: number
  stop(): Promise<void>
}

/** `checkout`: whose Frontdesk it is; `env`: its configuration, beside what a bench needs. */
export async function startProduct(
  folder: string,
  checkout = ours,
  env: Readonly<Record<string, string>> = {},
): Promise<Product> {
  const port = await freePort()
  const log = openSync(join(folder, 'frontdesk.log'), 'a')
  const began = performance.now()
  const child = spawn(process.execPath, [join(checkout, 'server/main.ts'), 'start'], {
    cwd: folder,
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env['PATH'],
      NODE_OPTIONS: process.env['BENCH_NODE_OPTIONS'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      FRONTDESK_PG_BIN: process.env['FRONTDESK_PG_BIN'],
      DATA_DIR: join(folder, 'data'),
      PORT: String(port),
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'info',
      ADMIN_PASSWORD: adminPassword,
      ...env,
    },
  })
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`Frontdesk did not start; see ${folder}/frontdesk.log`)
    await delay(2)
  }
  return { port, pid: child.pid ?? 0, startMilliseconds: performance.now() - began, stop: () => stop(child) }
}

async function stop(child: ChildProcess) {
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}

/** Signs in as the admin of the first start. */
export async function signIn(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: adminPassword }),
  })
  const { token } = (await answer.json()) as { token?: string }
  if (token === undefined) throw new Error(`Signing in answered ${answer.status}`)
  return token
}

function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (answer) => {
    answer.resume()
    resolve(answer.statusCode === 200)
  }).on('error', () => resolve(false))
  return promise
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
