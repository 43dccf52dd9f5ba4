import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { chown, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EmbeddedPostgresError, findRunningPostgres } from '../server/db/embedded/index.ts'
import {
  ask,
  copyProject,
  dataDirAt,
  eventually,
  forkDesk,
  inOwnFolder,
  kill,
  ownFolders,
  runs,
  serverPid,
  socketFolders,
  startDesk,
  startHere,
  stranger,
} from './support/embedded-postgres.ts'

ownFolders()

const isRoot = process.getuid?.() === 0
const NOBODY = 65534
const locks = "select count(*)::int from pg_locks where locktype = 'advisory' and granted"
const refusal =
  /^Another Frontdesk is already running on DATA_DIR .*; stop it first, or choose another DATA_DIR\.$/

describe('the embedded PostgreSQL', () => {
  test('is made at the first start, durable by default, and keeps its rows over a restart', async () => {
    const dataDir = dataDirAt('data')
    const first = await startHere({ dataDir, settings: {} })
    await ask(first.connection, "create table note (text text); insert into note values ('kept')")
    const settings = await ask(
      first.connection,
      `select current_setting('fsync'), current_setting('data_checksums'),
      current_setting('timezone'), current_setting('listen_addresses'), datlocale,
      upper('é' collate "default") from pg_database where datname = current_database()`,
    )
    await Promise.all([first.stop(), first.stop()])
    const leftBetween = await socketFolders()

    const second = await startHere({ dataDir })

    expect(settings).toEqual(['on', 'on', 'UTC', '', 'C.UTF-8', 'É'])
    expect(leftBetween).toEqual([])
    expect(await ask(second.connection, 'select text from note')).toEqual(['kept'])
    expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres.log', 'postgres.log.1'])
  })

  test('listens in a private folder only, and lets in local sessions only', async () => {
    const dataDir = dataDirAt('data')
    const { connection } = await startHere({ dataDir })

    expect(statSync(connection.host).mode & 0o777).toBe(0o700)
    const rules = readFileSync(join(dataDir, 'postgres/pg_hba.conf'), 'utf8').split('\n')
    expect(rules.filter((line) => line && !line.startsWith('#'))).toEqual(['local all all trust'])
  })

  test('is found by commands beside a running desk, and only then', async () => {
    const dataDir = dataDirAt('data')
    const before = await findRunningPostgres({ dataDir })
    const desk = await startHere({ dataDir })
    const during = await findRunningPostgres({ dataDir })
    await desk.stop()

    expect(before).toBeUndefined()
    expect(during).toEqual(desk.connection)
    expect(await findRunningPostgres({ dataDir })).toBeUndefined()
  })

  test('outlives a killed owner and is adopted by the next, who can also stop it', async () => {
    const dataDir = dataDirAt('data')
    const killed = await startDesk({ dataDir })
    await ask(killed, 'create table note (text text)')
    const pid = serverPid(dataDir)
    await kill(killed)

    const next = await startHere({ dataDir })
    const adoptedPid = serverPid(dataDir)
    const rows = await ask(next.connection, 'select count(*)::int from note')
    await next.stop()

    expect(next.connection).toEqual(killed.connection)
    expect([adoptedPid, rows]).toEqual([pid, [0]])
    expect([runs(pid), await socketFolders()]).toEqual([false, []])
  })

  test('starts again after owner and server were killed, and clears the old socket folder away', async () => {
    const dataDir = dataDirAt('data')
    const killed = await startDesk({ dataDir })
    await ask(killed, "create table note (text text); insert into note values ('kept')")
    const pid = serverPid(dataDir)
    process.kill(pid, 'SIGKILL')
    await kill(killed)

    const next = await startHere({ dataDir })

    expect(await ask(next.connection, 'select text from note')).toEqual(['kept'])
    expect(await socketFolders()).toEqual([next.connection.host.split('/').at(-1)])
  })

  test('does not mistake a process that got the number of a dead server for that server', async () => {
    const dataDir = dataDirAt('data')
    const first = await startHere({ dataDir })
    const pidFile = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8')
    await first.stop()
    const other = stranger()
    writeFileSync(join(dataDir, 'postgres/postmaster.pid'), pidFile.replace(/^\d+/, String(other)))

    const second = await startHere({ dataDir })

    expect(await ask(second.connection, 'select 1')).toEqual([1])
    expect(runs(other)).toBe(true)
  })

  test('belongs to one process: a second is refused with a sentence and does the first no harm', async () => {
    const dataDir = dataDirAt('data')
    const first = await startHere({ dataDir })
    const began = Date.now()
    const second = await startDesk({ dataDir })
    const took = Date.now() - began

    expect(second.refused).toMatch(refusal)
    expect(second.refused).toContain(dataDir)
    expect(took).toBeLessThan(3_500)
    expect(await ask(first.connection, locks)).toEqual([1])
    expect(first.log.filter(({ level }) => level !== 'info')).toEqual([])
  })

  test('is made once by two simultaneous first starts: one wins, the other is refused', async () => {
    const dataDir = dataDirAt('data')
    const desks = await Promise.all([startDesk({ dataDir }), startDesk({ dataDir })])
    const [winner] = desks.filter((desk) => desk.connection)
    const [loser] = desks.filter((desk) => desk.refused)

    expect(loser?.refused).toMatch(refusal)
    expect(await ask(winner ?? desks[0], `select current_database(), (${locks})`)).toEqual(['frontdesk', 1])
    expect(await eventually(async () => (await readdir(dataDir)).length === 2)).toBe(true)
    expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres.log'])
    expect(await socketFolders()).toHaveLength(1)
  })

  test('is made anew when its first making was killed in the middle', async () => {
    const dataDir = dataDirAt('data')
    const unfinished = async () => (await readdir(dataDir)).filter((name) => name.startsWith('postgres.new-'))
    const child = forkDesk({ dataDir }, { detached: true })
    await eventually(async () =>
      existsSync(join(dataDir, (await unfinished())[0] ?? '', 'global/pg_control')),
    )
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    const left = await unfinished()

    const desk = await startHere({ dataDir })

    expect(left).toHaveLength(1)
    expect(await ask(desk.connection, 'select 1')).toEqual([1])
    expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres.log'])
  })

  test('is brought back at the same address when it is killed, and still belongs to us', async () => {
    const dataDir = dataDirAt('data')
    const desk = await startHere({ dataDir })
    await ask(desk.connection, "create table note (text text); insert into note values ('kept')")
    const pid = serverPid(dataDir)
    process.kill(pid, 'SIGKILL')
    await eventually(() => desk.log.some(({ message }) => message === 'PostgreSQL is back'))

    expect(await ask(desk.connection, `select text, (${locks}) from note`)).toEqual(['kept', 1])
    expect(serverPid(dataDir)).not.toBe(pid)
    expect(desk.log.map(({ level }) => level)).toContain('error')
    expect((await startDesk({ dataDir })).refused).toMatch(refusal)
  })

  test('never gives the name of its socket folder free while it is brought back', async () => {
    const dataDir = dataDirAt('data')
    const desk = await startHere({ dataDir })
    // Not its number, which a folder made anew may get again.
    const { birthtimeMs } = statSync(desk.connection.host)
    process.kill(serverPid(dataDir), 'SIGKILL')
    await eventually(() => desk.log.some(({ message }) => message === 'PostgreSQL is back'))

    expect(statSync(desk.connection.host).birthtimeMs).toBe(birthtimeMs)
  })

  test('is brought back when somebody else tells it to stop, although it would wait for its clients', async () => {
    const dataDir = dataDirAt('data')
    const desk = await startHere({ dataDir })
    const pid = serverPid(dataDir)
    process.kill(pid, 'SIGTERM')
    await eventually(() => desk.log.some(({ message }) => message === 'PostgreSQL is back'))

    expect(await ask(desk.connection, 'select 1')).toEqual([1])
    expect(serverPid(dataDir)).not.toBe(pid)
  })

  test('is owned again after a killed session made it reset all others', async () => {
    const dataDir = dataDirAt('data')
    const desk = await startHere({ dataDir })
    const pid = serverPid(dataDir)
    const [owner] = await ask(desk.connection, "select pid from pg_locks where locktype = 'advisory'")
    process.kill(Number(owner), 'SIGKILL')
    await eventually(() => desk.log.some(({ message }) => message === 'PostgreSQL is back'))

    expect(await ask(desk.connection, locks)).toEqual([1])
    expect(serverPid(dataDir)).toBe(pid)
  })

  test('stops quickly while it is being brought back', async () => {
    const dataDir = dataDirAt('data')
    const desk = await startHere({ dataDir })
    process.kill(serverPid(dataDir), 'SIGKILL')
    await eventually(() => desk.log.some(({ message }) => message.startsWith('Lost PostgreSQL')))
    await desk.stop()

    expect(runs(serverPid(dataDir))).toBe(false)
    expect(await socketFolders()).toEqual([])
  })

  test('starts again at once after a server that is still stopping', async () => {
    const dataDir = dataDirAt('data')
    const first = await startHere({ dataDir })
    const [, second] = await Promise.all([first.stop(), startHere({ dataDir })])

    expect(await ask(second.connection, 'select 1')).toEqual([1])
    expect(await socketFolders()).toHaveLength(1)
  })

  test('survives a Ctrl+C that reaches the whole process group of its owner', async () => {
    const dataDir = dataDirAt('data')
    const desk = await startDesk({ dataDir }, { detached: true })
    await kill(desk, -(desk.child.pid ?? 0), 'SIGINT')

    expect(await ask(desk, 'select 1')).toEqual([1])
    expect(runs(serverPid(dataDir))).toBe(true)
  })

  test('lives in a folder with a very long path', async () => {
    const desk = await startHere({ dataDir: dataDirAt('a'.repeat(120), 'b'.repeat(120), 'data') })

    expect(await ask(desk.connection, 'select 1')).toEqual([1])
  })

  test('says what is wrong when it cannot start', async () => {
    const dataDir = dataDirAt('data')
    const start = startHere({ dataDir, settings: { shared_buffers: 'plenty' } })

    await expect(start).rejects.toThrow(EmbeddedPostgresError)
    await expect(start).rejects.toThrow(/could not start on .*: FATAL: .*"shared_buffers": "plenty"/)
    expect(await socketFolders()).toEqual([])
  })

  test('leaves a folder alone that holds something else', async () => {
    const dataDir = dataDirAt('data')
    mkdirSync(join(dataDir, 'postgres'), { recursive: true })
    writeFileSync(join(dataDir, 'postgres/letters.txt'), 'mine')

    await expect(startHere({ dataDir })).rejects.toThrow(/is not empty, yet not a PostgreSQL database/)
  })

  test('says what to do on a machine for which npm brings no PostgreSQL', async () => {
    const project = inOwnFolder('project')
    await copyProject(project, { withPostgres: false })
    const desk = await startDesk({ dataDir: dataDirAt('data') }, { project })

    expect(desk.refused).toMatch(/no PostgreSQL for this machine.*FRONTDESK_PG_BIN.*DATABASE_URL/)
  })
})

describe.runIf(isRoot)('started by root', () => {
  test('runs as nobody, also where only root may enter', async () => {
    mkdirSync(inOwnFolder('closed'), { mode: 0o700 })
    const dataDir = dataDirAt('closed/data')
    const desk = await startHere({ dataDir })
    await ask(desk.connection, 'create extension pg_trgm')
    const parallel = 'set debug_parallel_query = on; explain (analyze) select count(*) from pg_class'

    expect(String(await ask(desk.connection, parallel))).toContain('Workers Launched: 1')
    expect(statSync(join(dataDir, 'postgres/PG_VERSION')).uid).toBe(NOBODY)
    expect(statSync(`/proc/${serverPid(dataDir)}`).uid).toBe(NOBODY)
  })

  test('takes back a cluster that was restored as root', async () => {
    const dataDir = dataDirAt('data')
    await (await startHere({ dataDir })).stop()
    await chown(join(dataDir, 'postgres'), 0, 0)
    await chown(join(dataDir, 'postgres/base'), 0, 0)
    chmodSync(join(dataDir, 'postgres'), 0o755)

    const desk = await startHere({ dataDir })

    expect(await ask(desk.connection, 'select 1')).toEqual([1])
    expect(lstatSync(join(dataDir, 'postgres/base')).uid).toBe(NOBODY)
  })

  test('runs a copy of its programs when the project lies where only root may enter', async () => {
    const copies = '/var/lib/frontdesk'
    const hadCopies = existsSync(copies)
    mkdirSync(inOwnFolder('closed'), { mode: 0o700 })
    const project = inOwnFolder('closed/project')
    await copyProject(project)
    try {
      const desk = await startDesk({ dataDir: join(dataDirAt('closed/project/data')) }, { project })
      expect(await ask(desk, 'select 1')).toEqual([1])
    } finally {
      if (!hadCopies) await rm(copies, { recursive: true, force: true })
    }
  })

  test('serves an ordinary user on their own folder, without the links that npm may not make', async () => {
    const project = inOwnFolder('project')
    await copyProject(project)
    const dataDir = dataDirAt('data')
    mkdirSync(dataDir)
    await chown(dataDir, 1000, 1000)
    const desk = await startDesk({ dataDir }, { project, uid: 1000 })

    expect(await ask(desk, 'select 1')).toEqual([1])
    expect(statSync(`/proc/${serverPid(dataDir)}`).uid).toBe(1000)

    await kill(desk)
    const adopter = await startHere({ dataDir })
    expect(adopter.connection).toEqual(desk.connection)
  })

  test('refuses an ordinary user whose folder holds the cluster of another', async () => {
    const dataDir = dataDirAt('data')
    mkdirSync(dataDir)
    await (await startHere({ dataDir })).stop()

    const desk = await startDesk({ dataDir }, { uid: 1000 })

    expect(desk.refused).toMatch(
      /belongs to the user with id 65534.*Start Frontdesk as the user who first started it/,
    )
  })
})

describe('a PostgreSQL of the system, named by FRONTDESK_PG_BIN', () => {
  const pg15 = '/usr/lib/postgresql/15/bin'

  test.runIf(existsSync(`${pg15}/postgres`))(
    'is used from version 15 on, and keeps to its own clusters',
    async () => {
      const desk = await startHere({ dataDir: dataDirAt('old'), pgBin: pg15 })
      const [version] = await ask(desk.connection, 'show server_version_num')
      await (await startHere({ dataDir: dataDirAt('new') })).stop()

      expect(String(version)).toMatch(/^15/)
      await expect(startHere({ dataDir: inOwnFolder('new'), pgBin: pg15 })).rejects.toThrow(
        /was made by PostgreSQL 18, but .* is PostgreSQL 15, which cannot open it\. Set FRONTDESK_PG_BIN/,
      )
    },
  )

  test('is refused when it is older', async () => {
    const pgBin = inOwnFolder('bin')
    mkdirSync(pgBin)
    for (const name of ['initdb', 'postgres']) {
      writeFileSync(join(pgBin, name), '#!/bin/sh\necho "postgres (PostgreSQL) 14.9"\n', { mode: 0o755 })
    }

    await expect(startHere({ dataDir: dataDirAt('data'), pgBin })).rejects.toThrow(
      /needs PostgreSQL 15 or newer/,
    )
  })

  test('is refused when the folder holds no server', async () => {
    const start = startHere({ dataDir: dataDirAt('data'), pgBin: inOwnFolder('tmp') })

    await expect(start).rejects.toThrow(/FRONTDESK_PG_BIN is .*, but there is no .*initdb/)
  })
})
