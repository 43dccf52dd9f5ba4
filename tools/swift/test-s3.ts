// npm run test:s3: runs the S3 tests against a real server: OpenStack Swift with its S3 API, from Debian's packages, on a disk
// of its own under the temporary folder. It is installed where it is missing and we may, and stopped in the end.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const packages = ['swift-proxy', 'swift-object', 'swift-account', 'swift-container']
const account = { key: 'test:tester', secret: 'testing' }
const stores = ['account', 'container', 'object'] as const
type Server = (typeof stores)[number] | 'proxy'

install()
const folder = await mkdtemp(join(tmpdir(), 'frontdesk-swift-'))
const running: ChildProcess[] = []
let failed = true
try {
  const ports = await freePorts()
  await configure(ports)
  for (const server of [...stores, 'proxy'] as const) start(server)
  await answering(`http://127.0.0.1:${ports.proxy}/healthcheck`)
  const tests = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', 'test/files-s3.test.ts'],
    {
      cwd: join(import.meta.dirname, '../..'),
      stdio: 'inherit',
      env: {
        ...process.env,
        TEST_S3_ENDPOINT: `http://127.0.0.1:${ports.proxy}`,
        TEST_S3_ACCESS_KEY_ID: account.key,
        TEST_S3_SECRET_ACCESS_KEY: account.secret,
      },
    },
  )
  failed = tests.status !== 0
} finally {
  await stop()
  if (failed) process.exitCode = 1
  else await rm(folder, { recursive: true, force: true })
}
if (failed) process.stderr.write(`What Swift has said is in ${folder}.\n`)

function install() {
  if (spawnSync('swift-proxy-server', ['--help']).status === 0) return
  if (userInfo().uid !== 0)
    throw new Error(`Swift is not installed. As root: apt-get install ${packages.join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const { status } = spawnSync('apt-get', args, { stdio: 'inherit', env })
    if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed`)
  }
}

async function freePorts(): Promise<Record<Server, number>> {
  const free = async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    await new Promise((resolve) => server.close(resolve))
    return port
  }
  return { account: await free(), container: await free(), object: await free(), proxy: await free() }
}

/** It wants a memcached, and goes on without. One copy of everything, on one disk that is a folder. Hash and storage policy are those of the packages' /etc/swift/swift.conf. */
async function configure(ports: Record<Server, number>) {
  const common = (server: Server) => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${ports[server]}
user = ${userInfo().username}
swift_dir = ${folder}
devices = ${join(folder, 'disks')}
mount_check = false
workers = 0
log_address = ${join(folder, 'no-syslog')}
`
  await mkdir(join(folder, 'disks/d1'), { recursive: true })
  for (const store of stores) {
    const app = `[pipeline:main]\npipeline = ${store}-server\n[app:${store}-server]\nuse = egg:swift#${store}\n`
    await writeFile(join(folder, `${store}.conf`), common(store) + app)
    const builder = join(folder, `${store}.builder`)
    for (const words of [
      ['create', '4', '1', '0'],
      ['add', `r1z1-127.0.0.1:${ports[store]}/d1`, '1'],
      ['rebalance'],
    ]) {
      const { status, stderr } = spawnSync('swift-ring-builder', [builder, ...words], { encoding: 'utf8' })
      if (status !== 0) throw new Error(`swift-ring-builder ${words.join(' ')}: ${stderr}`)
    }
  }
  const proxy = `[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_${account.key.replace(':', '_')} = ${account.secret} .admin
`
  await writeFile(join(folder, 'proxy.conf'), common('proxy') + proxy)
}

function start(server: Server) {
  const log = openSync(join(folder, `${server}.log`), 'a')
  const child = spawn(`swift-${server}-server`, [join(folder, `${server}.conf`), '--verbose'], {
    stdio: ['ignore', log, log],
  })
  child.once('exit', async (code) => {
    if (running.includes(child))
      process.stderr.write(
        `swift-${server}-server ended with ${code}:\n${await readFile(join(folder, `${server}.log`), 'utf8')}\n`,
      )
  })
  running.push(child)
}

async function answering(url: string) {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok) return
    await pause(200)
  }
  throw new Error(`Swift does not answer at ${url}`)
}

async function stop() {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null) continue
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const patience = setTimeout(() => child.kill('SIGKILL'), 3_000)
    await ended
    clearTimeout(patience)
  }
}
