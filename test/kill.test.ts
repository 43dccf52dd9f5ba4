// What was acknowledged is there after a kill: of the server, and of PostgreSQL itself. The last test is the control that shows
// what these kills find when rows are not made durable. A kill does not test the disk; that is what fsync and its promise are for.
import { expect, test } from 'vitest'
import {
  ask,
  childrenOf,
  connectTo,
  dataOf,
  type DeskProcess,
  eventually,
  newFolder,
  runs,
  serverPid,
  startDesk,
} from './support/desk-process.ts'
import { mailServer } from './support/mail-server.ts'

const open = { ANONYMOUS_ROLE: 'operator', LOG_LEVEL: 'warn' }
let serial = 0

/** Eight clients that write as fast as they are answered, until the desk is gone. */
function startWriters(desk: DeskProcess) {
  const acknowledged: string[] = []
  const write = async () => {
    for (;;) {
      const last_name = `Row ${(serial += 1)}`
      const answer = await fetch(`${desk.url}/api/v1/customers`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ first_name: 'Ed', last_name }),
      }).catch(() => undefined)
      if (!answer) return
      if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`)
      acknowledged.push(last_name)
    }
  }
  const writers = Array.from({ length: 8 }, write)
  return { acknowledged, ended: Promise.all(writers) }
}

async function missing(folder: string, names: readonly string[]): Promise<string[]> {
  const rows = await ask<{ name: string }>(
    folder,
    'select name from unnest($1::text[]) as sought (name) where not exists (select from customers where last_name = sought.name)',
    [names],
  )
  return rows.map((row) => row.name)
}

async function killServer(desk: DeskProcess) {
  desk.child.kill('SIGKILL')
  await desk.exit
}

/** The server first, since it would bring PostgreSQL back; then the postmaster and all of its processes, in one moment. */
async function killBoth(desk: DeskProcess, folder: string) {
  const postgres = serverPid(dataOf(folder))
  const tree = [postgres, ...childrenOf(postgres)]
  desk.child.kill('SIGKILL')
  for (const pid of tree) process.kill(pid, 'SIGKILL')
  await desk.exit
  await eventually(() => !tree.some(runs))
}

test(
  'the server may be killed ten times under load: every acknowledged row is there, and PostgreSQL is adopted',
  { timeout: 120_000 },
  async () => {
    const folder = await newFolder()
    const acknowledged: string[] = []
    const servers = new Set<number>()
    for (let kills = 0; kills < 10; kills += 1) {
      const desk = await startDesk({ folder, env: open })
      servers.add(serverPid(dataOf(folder)))
      const writers = startWriters(desk)
      await eventually(() => writers.acknowledged.length >= 20 + 5 * kills)
      await killServer(desk)
      await writers.ended
      acknowledged.push(...writers.acknowledged)
    }
    await startDesk({ folder, env: open })

    expect(
      await ask(
        folder,
        `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commits`,
      ),
    ).toEqual([{ fsync: 'on', commits: 'on' }])
    expect(acknowledged.length).toBeGreaterThan(400)
    expect(await missing(folder, acknowledged)).toEqual([])
    expect(servers.size).toBe(1)
  },
)

test(
  'PostgreSQL may be killed with the server: every acknowledged row is there',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder()
    const acknowledged: string[] = []
    for (let kills = 0; kills < 2; kills += 1) {
      const desk = await startDesk({ folder, env: open })
      const writers = startWriters(desk)
      await eventually(() => writers.acknowledged.length >= 60)
      await killBoth(desk, folder)
      await writers.ended
      acknowledged.push(...writers.acknowledged)
    }
    await startDesk({ folder, env: open })

    expect(await missing(folder, acknowledged)).toEqual([])
  },
)

test(
  'PostgreSQL may be killed alone: the desk brings it back and goes on with requests and jobs',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder()
    const desk = await startDesk({ folder, env: open })
    const ready = async () => (await fetch(`${desk.url}/readyz`)).ok
    const doesJobs = async () => {
      const [job] = await ask(folder, `select id from graphile_worker.add_job('forget_ended_tokens')`)
      const waiting = () => ask(folder, 'select from graphile_worker.jobs where id = $1', [job?.['id']])
      return eventually(async () => (await waiting()).length === 0)
    }
    expect(await doesJobs()).toBe(true)
    const postgres = serverPid(dataOf(folder))
    process.kill(postgres, 'SIGKILL')
    await eventually(() => serverPid(dataOf(folder)) !== postgres && ready())

    expect(await doesJobs()).toBe(true)
    expect(await ready()).toBe(true)
    expect((await desk.stop()).code).toBe(0)
  },
)

test(
  'a process that is killed in the middle of a job leaves it to the next one, which does it within a minute or so',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder()
    const silent = await mailServer({ onConnect: () => {} })
    const jobs = () =>
      ask<{ locked_by: string | null }>(
        folder,
        `select locked_by from graphile_worker.jobs where task_identifier like 'mail_%'`,
      )
    const first = await startDesk({ folder, env: { SMTP_URL: `smtp://127.0.0.1:${silent.smtp.port}` } })
    const signedUp = await fetch(`${first.url}/api/v1/signup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'jon', password: 'keep-yourself-warm', email: 'jon@wall.example' }),
    })
    expect(signedUp.status).toBe(201)
    const held = await eventually(async () => (await jobs()).find(({ locked_by }) => locked_by !== null))
    const heard = () =>
      ask<{ id: string }>(folder, 'select id from job_workers where id = $1', [held.locked_by])
    await eventually(async () => (await heard()).length === 1)
    await killServer(first)

    const { received, smtp } = await mailServer()
    const second = await startDesk({ folder, env: { SMTP_URL: `smtp://127.0.0.1:${smtp.port}` } })
    // Its minute is not over yet.
    await eventually(async () => (await ask(folder, 'select from job_workers')).length === 2)
    expect(await jobs()).toEqual([held])
    await ask(folder, `update job_workers set seen_at = seen_at - interval '1 minute' where id = $1`, [
      held.locked_by,
    ])
    await eventually(() => received.length > 0)
    expect(received.map(({ to }) => to)).toEqual([['jon@wall.example']])
    await eventually(async () => (await jobs()).length === 0)
    expect(await heard()).toEqual([])
    expect(second.logged()).toContain('these workers are gone')

    // Who stopped has left nothing to be done.
    await second.stop()
    const third = await startDesk({ folder })
    await ask(folder, `update job_workers set seen_at = seen_at - interval '2 minutes'`)
    await eventually(async () => (await ask(folder, 'select from job_workers')).length === 1)
    expect(third.logged()).not.toContain('these workers are gone')
  },
)

test(
  'control: with synchronous_commit off the same kill loses acknowledged rows',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder()
    const first = await startDesk({ folder, env: open })
    const client = await connectTo(folder)
    await client.query('alter database frontdesk set synchronous_commit = off')
    // Nothing but a commit writes rows to disk for a while.
    await client.query(`alter system set wal_writer_delay = '10s'`)
    await client.query(`alter system set wal_writer_flush_after = '1GB'`)
    await client.end()
    await first.stop()

    const desk = await startDesk({ folder, env: open })
    const writers = startWriters(desk)
    await eventually(() => writers.acknowledged.length >= 60)
    await killBoth(desk, folder)
    await writers.ended
    await startDesk({ folder, env: open })

    expect((await missing(folder, writers.acknowledged)).length).toBeGreaterThan(0)
  },
)
