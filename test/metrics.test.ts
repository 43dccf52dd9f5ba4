// What /metrics tells, to whom, and that nothing that callers send makes it grow.
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { endpoints, getCustomer, listCustomers, metrics } from '../contract/index.ts'
import { buildApp } from '../server/app.ts'
import { readConfig } from '../server/config.ts'
import { openPool, ownersRights } from '../server/db/database.ts'
import { openDesk } from '../server/desk.ts'
import { startWorker } from '../server/jobs/worker.ts'
import { measureJobs } from '../server/metrics/job-metrics.ts'
import { newRegistry } from '../server/metrics/registry.ts'
import { openTestDesk, secretKey } from './support/desk.ts'
import { eventually } from './support/desk-process.ts'
import { doorTo, outsideDatabase } from './support/outside-database.ts'
import { readMetrics } from './support/prometheus.ts'
import { sendTo } from './support/send.ts'
import { silentLog } from './support/silent-log.ts'
import { keptMails } from './support/kept-mails.ts'
import { openStores } from './support/stores.ts'

const metricsToken = 'a-token-for-a-monitor'
const { as, anonymous, given, url } = await openTestDesk({ metricsToken, publicUrl: 'http://localhost:8000' })
const [customer, operator, admin] = await Promise.all([given.user(), given.operator(), given.admin()])

const scrape = async (at = url) => readMetrics((await sendTo(at, { path: '/metrics' })).text)

/** As fetch cannot: with any Host and any method. */
function statusWith(headers: Record<string, string>, path = '/metrics', method = 'GET') {
  return new Promise<number | undefined>((resolve, reject) => {
    const call = request(url + path, { method, headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode))
    })
    call.on('error', reject)
    call.end()
  })
}

test('it is the text format of Prometheus, at the root and under the API', async () => {
  for (const path of ['/metrics', '/metrics/', '/api/metrics', '/api/v1/metrics']) {
    const answer = await sendTo(url, { path })
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(answer.headers.get('cache-control')).toContain('no-store')
    readMetrics(answer.text)
  }
  expect((await anonymous(metrics, {})).body).toContain('frontdesk_build_info{')
})

test('control: a text that is not of that format is found out', () => {
  const good = '# HELP a_total A.\n# TYPE a_total counter\na_total{b="c"} 1\n'
  expect(readMetrics(good).value('a_total', { b: 'c' })).toBe(1)
  for (const bad of [
    good.trimEnd(),
    good.replace('# TYPE a_total counter\n', ''),
    good.replace('} 1', '} one'),
    good.replace('"c"', 'c'),
    `${good}a_total{b="c"} 2\n`,
  ]) {
    expect(() => readMetrics(bad), bad).toThrow()
  }
})

test('a call is counted under its pattern, with its method and status', async () => {
  const { id } = await given.customer()
  const labels = { method: 'GET', route: getCustomer.url }
  const count = async (status: string) =>
    (await scrape()).value('http_request_duration_seconds_count', { ...labels, status }) ?? 0
  const before = [await count('200'), await count('404'), await count('401')]

  await as(operator)(getCustomer, { params: { id } })
  await as(operator)(getCustomer, { params: { id } })
  await as(operator)(getCustomer, { params: { id: 999_999 } })
  await anonymous(getCustomer, { params: { id } })

  const after = [await count('200'), await count('404'), await count('401')]
  expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([2, 1, 1])
  const { value } = await scrape()
  const seconds = value('http_request_duration_seconds_sum', { ...labels, status: '200' }) ?? 0
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThan(5)
  expect(value('http_request_duration_seconds_bucket', { ...labels, status: '200', le: '+Inf' })).toBe(
    after[0],
  )
  expect(value('http_requests_in_progress')).toBe(1)
})

test('whoever leaves before the answer is counted once, and is in progress no more', async () => {
  const before = (await scrape()).total('http_request_duration_seconds_count', { status: 'aborted' })
  const call = request(`${url}/api/customers`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${operator.token}`,
      'content-type': 'application/json',
      'content-length': 9,
    },
  })
  call.on('error', () => {})
  call.write('{')
  const inProgress = async () => (await scrape()).value('http_requests_in_progress')
  expect(await eventually(async () => (await inProgress()) === 2)).toBe(true)
  call.destroy()

  expect(await eventually(async () => (await inProgress()) === 1)).toBe(true)
  expect((await scrape()).total('http_request_duration_seconds_count', { status: 'aborted' })).toBe(
    before + 1,
  )
})

test('everything else that is measured is there', async () => {
  await as(operator)(listCustomers, {})
  const { value, total, types } = await scrape()

  expect(types).toMatchObject({
    http_request_duration_seconds: 'histogram',
    http_requests_in_progress: 'gauge',
    frontdesk_build_info: 'gauge',
    frontdesk_pool_connections: 'gauge',
    frontdesk_database_up: 'gauge',
    frontdesk_jobs: 'gauge',
    process_cpu_seconds_total: 'counter',
    process_resident_memory_bytes: 'gauge',
    nodejs_eventloop_lag_p99_seconds: 'gauge',
    nodejs_gc_duration_seconds: 'histogram',
  })
  expect(value('frontdesk_build_info', { version: '0.1.0', node: process.version })).toBe(1)
  expect(value('frontdesk_database_up')).toBe(1)
  expect(total('frontdesk_pool_connections', { state: 'idle' })).toBeGreaterThan(0)
  expect(value('frontdesk_pool_connections', { state: 'busy' })).toBe(0)
  expect(value('frontdesk_pool_connections_max')).toBe(8)
  expect(value('frontdesk_pool_waiting')).toBe(0)
  expect(value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0)
})

test('what callers make up does not make it grow', async () => {
  const ask = async (attempt: number) => {
    await statusWith({}, `/no/such/place-${attempt}`)
    await statusWith({}, `/api/customers/${attempt}/nothing`)
    await statusWith({}, `/api/customers/${attempt}?q=${attempt}`)
    await statusWith({}, `/docs/static/${attempt}.js`)
    for (const method of ['PROPFIND', 'LOCK', 'TRACE', 'REPORT', 'PURGE']) {
      await statusWith({}, `/no/such/place-${attempt}`, method)
      await statusWith({}, '/api/customers', method)
    }
  }
  const series = async () => (await scrape()).samples.filter(({ name }) => name.startsWith('http_'))
  await ask(0)
  const before = await series()
  for (let attempt = 1; attempt <= 20; attempt += 1) await ask(attempt)
  const after = await series()

  expect(after.map(({ name, labels }) => [name, labels])).toEqual(
    before.map(({ name, labels }) => [name, labels]),
  )
  const routes = new Set(after.map(({ labels }) => labels['route']))
  const known = new Set<unknown>([...endpoints.map((endpoint) => endpoint.url), 'none', undefined])
  const unknown = [...routes].filter((route) => !known.has(route) && !route?.startsWith('/docs'))
  expect(unknown).toEqual([])
  const methods = new Set(after.map(({ labels }) => labels['method']))
  expect([...methods].filter((method) => method && !['GET', 'POST', 'other'].includes(method))).toEqual([])
  expect(methods).toContain('other')
})

const elsewhere = { 'x-forwarded-for': '192.0.2.7' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

test.each<[string, Record<string, string>, number]>([
  ['a direct call from this machine', {}, 200],
  ['a direct call under a local name', { host: 'localhost:8000' }, 200],
  ['somebody behind a proxy', elsewhere, 401],
  ['somebody behind a proxy that says so as the standard has it', { forwarded: 'for=192.0.2.7' }, 401],
  ['somebody behind a proxy that says only its own name', { via: '1.1 proxy' }, 401],
  ['somebody behind nginx as often configured', { 'x-real-ip': '192.0.2.7' }, 401],
  ['a proxy that hands on the name it was called by', { host: 'desk.example.com' }, 401],
  ['a page of another site in a browser on this machine', { origin: 'https://evil.example' }, 401],
  ['a monitor from elsewhere', { ...elsewhere, ...bearer(metricsToken) }, 200],
  ['a monitor that says Token', { ...elsewhere, authorization: `Token ${metricsToken}` }, 200],
  ['a monitor with a wrong token', { ...elsewhere, ...bearer('a-token-for-a-monitoR') }, 401],
  ['a wrong token from this machine, which is not taken for none', bearer('wrong'), 401],
  ['half a token', { ...elsewhere, ...bearer(metricsToken.slice(0, 16)) }, 401],
  ['a token in another scheme', { ...elsewhere, authorization: `Basic ${metricsToken}` }, 401],
  ['an admin', { ...elsewhere, ...bearer(admin.token) }, 200],
  ['an admin on this machine', bearer(admin.token), 200],
  ['an operator', { ...elsewhere, ...bearer(operator.token) }, 403],
  ['a customer', { ...elsewhere, ...bearer(customer.token) }, 403],
])('%s: %s -> %i', async (_, headers, status) => {
  expect(await statusWith(headers)).toBe(status)
  expect(await statusWith(headers, '/metrics', 'HEAD')).toBe(status)
})

test('the token of a monitor opens nothing else', async () => {
  expect((await anonymous(listCustomers, {}, bearer(metricsToken))).status).toBe(401)
})

test('without METRICS_TOKEN no token is a monitor’s', async () => {
  const desk = await openTestDesk({ publicUrl: 'http://localhost:8000' })
  const answer = await desk.anonymous(metrics, {}, { ...elsewhere, ...bearer(metricsToken) })
  expect([answer.status, answer.problem.type]).toEqual([401, 'urn:frontdesk:problem:bad_credentials'])
})

test('a desk counts the jobs that it did', { timeout: 30_000 }, async () => {
  const database = await outsideDatabase({ migrated: true })
  const config = readConfig({ DATABASE_URL: database.url, SECRET_KEY: secretKey, LOG_LEVEL: 'silent' })
  const desk = await openDesk({ ...config, port: 0 }, silentLog, new AbortController().signal)
  try {
    await database.ask(`select graphile_worker.add_job('forget_ended_tokens')`)
    const task = 'forget_ended_tokens'
    const done = async () =>
      (await scrape(desk.address)).value('frontdesk_jobs_total', { task, result: 'completed' })
    expect(await eventually(async () => (await done()) === 1)).toBe(true)
    const { value } = await scrape(desk.address)
    expect(value('frontdesk_job_duration_seconds_count', { task })).toBe(1)
    expect(value('frontdesk_jobs', { state: 'due' })).toBe(0)
  } finally {
    await desk.close()
  }
})

test('a job that fails is counted as retried, and as failed when it is given up', async () => {
  const desk = await openTestDesk({ publicUrl: 'http://localhost:8000' })
  const registry = newRegistry()
  const work = () => Promise.reject(new Error('on purpose'))
  const worker = await startWorker(
    desk.database.connection,
    { break_down: { schedule: '0 0 1 1 *', work } },
    silentLog,
    measureJobs(registry),
  )
  await desk.rows(`select graphile_worker.add_job('break_down', max_attempts => 1)`)
  await desk.rows(`select graphile_worker.add_job('break_down', max_attempts => 2)`)
  await desk.rows(`select graphile_worker.add_job('break_down', run_at => now() + interval '1 day')`)
  const counted = async (result: string) =>
    readMetrics(await registry.metrics()).value('frontdesk_jobs_total', { task: 'break_down', result })
  const both = async () => (await counted('retried')) === 1 && (await counted('failed')) === 1
  expect(await eventually(both)).toBe(true)
  await worker.stop()

  const { value } = await scrape(desk.url)
  const states = ['due', 'later', 'running', 'failed'].map((state) => value('frontdesk_jobs', { state }))
  expect(states).toEqual([0, 2, 0, 1])
})

test('of a queue that got out of hand 10,000 jobs are looked at', async () => {
  const desk = await openTestDesk({ publicUrl: 'http://localhost:8000' })
  await desk.rows(`insert into graphile_worker._private_tasks (identifier) values ('flood')`)
  await desk.rows(
    `insert into graphile_worker._private_jobs (task_id)
     select id from graphile_worker._private_tasks, generate_series(1, 12000) where identifier = 'flood'`,
  )
  expect((await scrape(desk.url)).value('frontdesk_jobs', { state: 'due' })).toBe(10_000)
})

test('while the database does not answer, the rest is told all the same', { timeout: 30_000 }, async () => {
  const { url: through, silence } = await doorTo(await outsideDatabase({ migrated: true }))
  const pool = openPool({ connectionString: through.href }, silentLog, ownersRights)
  const config = { ...readConfig({ LOG_LEVEL: 'silent' }), metricsToken }
  const { stores, close: closeStores } = await openStores()
  const ctx = { config, db: pool, ...stores, mailer: keptMails(), log: silentLog, clock: Date.now }
  const { api } = await buildApp(ctx, secretKey, newRegistry())
  await api.listen({ host: '127.0.0.1', port: 0 })
  const at = `http://127.0.0.1:${(api.server.address() as AddressInfo).port}`
  try {
    expect((await scrape(at)).value('frontdesk_database_up')).toBe(1)

    silence()
    const began = performance.now()
    const { value, samples } = await scrape(at)
    expect(performance.now() - began).toBeLessThan(1_500)
    expect(value('frontdesk_database_up')).toBe(0)
    expect(samples.filter(({ name }) => name === 'frontdesk_jobs')).toEqual([])
    expect(value('http_requests_in_progress')).toBe(1)
    const headers = { ...elsewhere, ...bearer(metricsToken) }
    const monitor = await sendTo(at, { path: '/metrics', headers })
    expect(readMetrics(monitor.text).value('frontdesk_database_up')).toBe(0)

    // The lost connection is given up after six seconds.
    const isUp = async () => (await scrape(at)).value('frontdesk_database_up') === 1
    expect(await eventually(isUp)).toBe(true)
  } finally {
    await api.close()
    await pool.end()
    await closeStores()
  }
})
