// Starting, as a person or an orchestrator does it: what is said, what is refused, and the first admin.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createToken, endpoints, getMe, setUp } from '../contract/index.ts'
import { frontdeskVersion } from '../server/version.ts'
import { callerOf } from './support/caller.ts'
import {
  ask,
  dataOf,
  eventually,
  finished,
  freePort,
  newFolder,
  run,
  startDesk,
} from './support/desk-process.ts'
import { doorTo, outsideDatabase } from './support/outside-database.ts'

const password = 'winter-is-coming-soon'
const SECRET_KEY = '0123456789abcdef'.repeat(4)

const anyone = (url: string) => callerOf(url, {})
const signIn = async (url: string, username: string, secret = password) =>
  (await anyone(url)(createToken, { body: { username, password: secret } })).status

/** A refusal is told to a person: what, and what to do; never where in our code. */
function expectSentence(said: string) {
  expect(said).not.toMatch(/\n\s+at |Error:/)
}

describe.concurrent('the first start', { timeout: 120_000 }, () => {
  test('S02, S43 says where it listens, where the data lies, and how the first admin is made, once', async () => {
    const folder = await newFolder()
    const unused = await startDesk({ folder })
    await unused.stop()
    const desk = await startDesk({ folder })
    const [old = '', token = ''] = [unused, desk].map((each) => /\/setup#(fds_\S+)/.exec(each.said())?.[1])

    expect(desk.said()).toContain(`listens on  ${desk.url} `)
    expect(desk.said()).toContain(`data        ${dataOf(folder)}\n`)
    expect(desk.said()).toContain(`set up      ${desk.url}/setup#${token}`)
    expect(desk.logged()).not.toContain(token)
    const page = await fetch(`${desk.url}/setup`)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<form')])

    const redeem = (link: string, username: string) =>
      anyone(desk.url)(setUp, { body: { token: link, username, password } })
    expect((await redeem(old, 'old')).status).toBe(404)
    const tries = await Promise.all(Array.from({ length: 50 }, (_, n) => redeem(token, `admin${n}`)))
    const made = tries.find((answer) => answer.status === 201)?.body
    expect(tries.map((answer) => answer.status).sort()).toEqual([
      201,
      ...Array.from({ length: 49 }, () => 404),
    ])
    expect(made?.role).toBe('admin')
    expect(await ask(folder, `select username from users where role = 'admin'`)).toEqual([
      { username: made?.username },
    ])
    expect((await redeem(token, 'late')).status).toBe(404)
    expect(await signIn(desk.url, made?.username ?? '')).toBe(200)

    await desk.stop()
    const again = await startDesk({ folder, port: desk.port })
    expect(again.said()).not.toMatch(/set up|admin/)
    expect((await redeem(token, 'late')).status).toBe(404)
    for (const { method, url: path, config } of endpoints)
      // What counts the desk's work is for programs on this machine.
      if (config.access !== 'anyone' && !('monitors' in config))
        expect([(await fetch(again.url + path, { method })).status, path]).toEqual([401, path])
  })

  test('S43 of two instances at once makes one admin from the environment, and no later start changes the password', async () => {
    const database = await outsideDatabase()
    const env = { DATABASE_URL: database.url, SECRET_KEY, ADMIN_USERNAME: 'jon', ADMIN_PASSWORD: password }
    const start = async () => startDesk({ folder: await newFolder(), env })
    const desks = await Promise.all([start(), start()])

    expect(
      desks.filter((desk) =>
        desk.said().includes('admin       jon, made from ADMIN_USERNAME and ADMIN_PASSWORD'),
      ),
    ).toHaveLength(1)
    for (const desk of desks) {
      expect(desk.said()).not.toContain('set up')
      expect(desk.said() + desk.logged()).not.toContain(password)
      expect(await signIn(desk.url, 'jon')).toBe(200)
    }
    expect(await database.ask('select username, role from users')).toEqual([
      { username: 'jon', role: 'admin' },
    ])
    expect((await Promise.all(desks.map((desk) => desk.stop()))).map(({ code }) => code)).toEqual([0, 0])

    const later = await startDesk({
      folder: await newFolder(),
      env: { ...env, ADMIN_PASSWORD: 'another-long-password' },
    })
    expect(later.said()).not.toMatch(/admin|set up/)
    expect([await signIn(later.url, 'jon'), await signIn(later.url, 'jon', 'another-long-password')]).toEqual(
      [200, 401],
    )
  })
})

describe.concurrent('a start is refused with a sentence', { timeout: 120_000 }, () => {
  test('on a DATA_DIR or a port that another process has, which goes on undisturbed', async () => {
    const [folder, other] = await Promise.all([newFolder(), newFolder()])
    const desk = await startDesk({ folder })
    const [second, third] = await Promise.all([
      finished(['start'], { folder, env: { PORT: String(await freePort()) } }),
      finished(['start'], { folder: other, env: { PORT: String(desk.port) } }),
    ])

    expect(second).toMatchObject({
      code: 1,
      said: `Another Frontdesk is already running on DATA_DIR ${dataOf(folder)}; stop it first, or choose another DATA_DIR.\n`,
    })
    expect(third).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^Another program listens there already .*choose another PORT\.\n$/),
    })
    await expect(ask(other, 'select 1')).rejects.toThrow('No PostgreSQL runs')
    expect((await fetch(`${desk.url}/readyz`)).status).toBe(200)
    expect(desk.logged()).not.toMatch(/"level":"(?:warn|error|fatal)"/)
  })

  test.each([
    ['password1', 'ADMIN_PASSWORD must not be one of the passwords that everybody tries first.\n'],
    ['7chars.', 'ADMIN_PASSWORD must have at least 8 characters.\n'],
  ])('with the admin password %s', async (ADMIN_PASSWORD, said) => {
    expect(await finished(['start'], { folder: await newFolder(), env: { ADMIN_PASSWORD } })).toMatchObject({
      code: 1,
      said,
    })
  })

  test('S43 with every mistake in the configuration', async () => {
    const env = {
      PORT: 'http',
      RATE_LIMIT: 'maybe',
      DATABASE_URL: 'mysql://root:hush@db/desk',
      ANONYMOUS_ROLE: 'king',
    }
    const { code, said } = await finished(['start'], { folder: await newFolder(), env })

    expect(code).toBe(1)
    expect(said).toMatch(/^The configuration has mistakes:\n/)
    for (const name of ['PORT', 'RATE_LIMIT', 'DATABASE_URL', 'SECRET_KEY', 'ANONYMOUS_ROLE'])
      expect(said).toContain(`  - ${name} must `)
    expect(said).not.toContain('hush')
    expectSentence(said)
  })

  test('on a database that a later version has migrated, which stays as it is', async () => {
    const database = await outsideDatabase({ migrated: true })
    await database.ask(
      `insert into schema_migrations (name, checksum) values ('29990101000000_future.sql', 'x')`,
    )
    const before = await database.ask('select * from schema_migrations order by name')
    const { code, said } = await finished(['start'], {
      folder: await newFolder(),
      env: { DATABASE_URL: database.url, SECRET_KEY },
    })

    expect(code).toBe(1)
    expect(said).toMatch(
      /^The database was written by a later version of Frontdesk \(it knows the migration 29990101000000_future\.sql/,
    )
    expectSentence(said)
    expect(await database.ask('select * from schema_migrations order by name')).toEqual(before)
  })

  test('on a database that is not there', async () => {
    const database = await outsideDatabase()
    const env = { DATABASE_URL: database.url.replace(database.name, 'no_such_database'), SECRET_KEY }
    const { code, said } = await finished(['start'], { folder: await newFolder(), env })

    expect([code, said]).toEqual([1, expect.stringContaining('database "no_such_database" does not exist')])
    expectSentence(said)
  })

  test('S43 with a key file that holds no key', async () => {
    const folder = await newFolder()
    await mkdir(dataOf(folder))
    await writeFile(join(dataOf(folder), 'secret-key'), '\n')
    const { code, said } = await finished(['start'], { folder, env: { PORT: String(await freePort()) } })

    expect([code, said]).toEqual([1, expect.stringContaining('secret-key does not hold the key')])
    expectSentence(said)
  })
})

describe.concurrent('the configuration', { timeout: 120_000 }, () => {
  test('comes from .env, from files, and first of all from the environment', async () => {
    const [database, folder] = await Promise.all([outsideDatabase({ migrated: true }), newFolder()])
    await writeFile(
      join(folder, '.env'),
      `PORT=1\nADMIN_USERNAME=arya\nANONYMOUS_ROLE=customer\nDATABASE_URL=${database.url}\n`,
    )
    await writeFile(join(folder, 'password'), `${password}\n`)
    const env = { ANONYMOUS_ROLE: 'operator', SECRET_KEY, ADMIN_PASSWORD_FILE: join(folder, 'password') }
    const desk = await startDesk({ folder, env })

    expect(desk.said()).toContain('admin       arya, made')
    expect(desk.said()).toContain('WARNING     ANONYMOUS_ROLE=operator')
    expect(await signIn(desk.url, 'arya')).toBe(200)
  })

  test('may name a database that comes later than we do', async () => {
    const [database, folder] = await Promise.all([outsideDatabase(), newFolder()])
    const { url } = await doorTo(database, { refusals: 3 })
    const desk = await startDesk({ folder, env: { DATABASE_URL: url.href, SECRET_KEY } })

    expect(desk.logged().match(/waiting for the database/g)).toHaveLength(3)
    expect(desk.said()).toContain(`data        PostgreSQL at ${url.host}/${database.name}`)
  })
})

describe.concurrent('the commands', { timeout: 120_000 }, () => {
  test('explain themselves', async () => {
    const folder = await newFolder()
    const [help, version, nonsense] = await Promise.all(
      ['--help', '--version', 'dance'].map((argument) => finished([argument], { folder })),
    )

    expect(help).toMatchObject({
      code: 0,
      logged: expect.stringMatching(/start[^]*migrate[^]*worker[^]*admin[^]*\.env/),
    })
    expect(version).toMatchObject({ code: 0, logged: `${frontdeskVersion}\n` })
    expect(nonsense).toMatchObject({ code: 1, said: expect.stringContaining("unknown command 'dance'") })
  })

  test('work without a desk, and leave nothing running', async () => {
    const folder = await newFolder()
    const migrated = await finished(['migrate'], { folder })
    const admin = await finished(['admin', 'create', '-u', 'sansa'], { folder, input: `${password}\n` })

    expect(migrated).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^(applied \d+_\w+\.sql\n)+The database is up to date now\.\n$/),
    })
    expect(admin).toMatchObject({ code: 0, said: 'Made the admin sansa (user 1).\n' })
    await expect(ask(folder, 'select 1')).rejects.toThrow('No PostgreSQL runs')

    const desk = await startDesk({ folder })
    expect(desk.said()).not.toContain('set up')
    expect(await signIn(desk.url, 'sansa')).toBe(200)
  })

  test('work beside a running desk, and refuse in sentences', async () => {
    const folder = await newFolder()
    const desk = await startDesk({ folder })
    const create = (name: string, input: string) =>
      finished(['admin', 'create', '--username', name], { folder, input })

    expect(await finished(['migrate'], { folder })).toMatchObject({
      code: 0,
      said: 'The database is up to date.\n',
    })
    expect(await create('bran', `${password}\r\n`)).toMatchObject({ code: 0 })
    expect(await create('Bran', password)).toMatchObject({ code: 1, said: 'There is a user Bran already.\n' })
    expect(await create('rickon', 'short')).toMatchObject({
      code: 1,
      said: 'The password must have at least 8 characters.\n',
    })
    expect(await create('two words', password)).toMatchObject({
      code: 1,
      said: expect.stringContaining('The username must be'),
    })
    const signedIn = await anyone(desk.url)(createToken, { body: { username: 'bran', password } })
    const me = await callerOf(desk.url, { authorization: `Bearer ${signedIn.body.token}` })(getMe, {})
    expect(me.body).toMatchObject({ username: 'bran', role: 'admin' })
  })

  test('let workers share the database of a desk: they come, go, and end with it', async () => {
    const folder = await newFolder()
    const worker = run(['worker'], { folder })
    expect(await eventually(() => worker.logged().includes('waiting for a Frontdesk'))).toBe(true)
    const desk = await startDesk({ folder })
    const second = run(['worker'], { folder })
    for (const each of [worker, second])
      expect(await eventually(() => each.said().includes('doing the jobs of'))).toBe(true)

    second.child.kill('SIGTERM')
    expect(await second.exit).toEqual({ code: 0, signal: null })
    expect((await fetch(`${desk.url}/readyz`)).status).toBe(200)
    expect(await desk.stop()).toMatchObject({ code: 0 })
    expect(await worker.exit).toEqual({ code: 1, signal: null })
    expect(worker.logged()).toContain('the Frontdesk whose database we shared has stopped')
  })

  test('do the jobs of an outside database alone', async () => {
    const [database, folder] = await Promise.all([outsideDatabase({ migrated: true }), newFolder()])
    await database.ask(`select graphile_worker.add_job('forget_ended_tokens')`)
    const worker = run(['worker'], { folder, env: { DATABASE_URL: database.url, SECRET_KEY } })

    expect(
      await eventually(async () => (await database.ask('select from graphile_worker.jobs')).length === 0),
    ).toBe(true)
    worker.child.kill('SIGINT')
    expect(await worker.exit).toEqual({ code: 0, signal: null })
  })
})
