// Mail as it leaves: through a real mail server in all its moods, or into files where there is none.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, describe, expect, test } from 'vitest'
import { acceptInvitation, createUser } from '../contract/index.ts'
import { ConfigError, readConfig } from '../server/config.ts'
import { tasksOf } from '../server/desk.ts'
import { startWorker } from '../server/jobs/worker.ts'
import { fileMailer } from '../server/mail/file-mailer.ts'
import { smtpMailer } from '../server/mail/smtp-mailer.ts'
import { openTestDesk, secretKey } from './support/desk.ts'
import { mailServer, reply } from './support/mail-server.ts'
import { silentLog } from './support/silent-log.ts'

const from = 'desk@shop.example'
const link = `http://desk.test/reset-password#fdm_${'k'.repeat(43)}`
const mail = { to: 'jennie@winterfell.example', subject: 'A link', text: `Hello,\n\n${link}\n\n.\nBye\n` }

/** Lines of quoted-printable are folded by `=`. */
const decoded = (message: string) => message.replaceAll('=\r\n', '')

function keptLog() {
  const lines: Record<string, unknown>[] = []
  return { lines, log: pino({}, { write: (line) => void lines.push(JSON.parse(line)) }) }
}

describe('through a mail server', () => {
  test('a mail is plain text, to one address, and its link is whole', async () => {
    const { received, smtp } = await mailServer()
    await smtpMailer(smtp, from, silentLog).send(mail)
    const [{ message, ...envelope } = { message: '' }, ...more] = received
    expect(more).toEqual([])
    expect(envelope).toEqual({ from, to: [mail.to], user: undefined, encrypted: false })
    expect(message).toMatch(/^From: Frontdesk <desk@shop\.example>\r$/m)
    expect(message).toMatch(/^To: jennie@winterfell\.example\r$/m)
    expect(message).toMatch(/^Subject: A link\r$/m)
    expect(message).toMatch(/^Content-Type: text\/plain; charset=utf-8/m)
    expect(message).toMatch(/^Auto-Submitted: auto-generated\r$/m)
    expect(decoded(message)).toContain(`\r\n${link}\r\n`)
  })

  test('a password is shown to it where one is configured', async () => {
    const { received, smtp } = await mailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) =>
        password === 'its%password'
          ? done(null, { user: username })
          : done(reply(535, 'Authentication failed')),
    })
    await smtpMailer({ ...smtp, user: 'desk', password: 'its%password' }, from, silentLog).send(mail)
    expect(received.map(({ user }) => user)).toEqual(['desk'])
    // A wrong one is for an admin to mend, so it is tried again later.
    await expect(
      smtpMailer({ ...smtp, user: 'desk', password: 'wrong' }, from, silentLog).send(mail),
    ).rejects.toThrow('The mail server did not take a mail (EAUTH 535)')
  })

  test('where TLS is wanted nothing is sent without it, nor to whoever cannot prove its name', async () => {
    const plain = await mailServer()
    await expect(smtpMailer({ ...plain.smtp, tls: true }, from, silentLog).send(mail)).rejects.toThrow(/ETLS/)
    const selfSigned = await mailServer({ disabledCommands: [] })
    await expect(smtpMailer({ ...selfSigned.smtp, tls: true }, from, silentLog).send(mail)).rejects.toThrow(
      'The mail server did not take a mail',
    )
    expect([...plain.received, ...selfSigned.received]).toEqual([])
  })

  test('what it refuses for now is thrown; what it refuses for good is logged without the address, and done', async () => {
    const { lines, log } = keptLog()
    const answers = [reply(451, `${mail.to}: try later`), reply(550, `${mail.to}: no such user`)]
    const { received, smtp } = await mailServer({
      onRcptTo: (_address, _session, done) => done(answers.shift()),
    })
    const mailer = smtpMailer(smtp, from, log)
    await expect(mailer.send(mail)).rejects.toThrow('The mail server did not take a mail (EENVELOPE 451)')
    await mailer.send(mail)
    expect(lines).toEqual([expect.objectContaining({ code: 550, domain: 'winterfell.example' })])
    expect(JSON.stringify(lines)).not.toContain('jennie')
    await mailer.send(mail)
    expect(received).toHaveLength(1)
  })

  test('one that says nothing is given up in time, or at once by who has to stop', async () => {
    const { smtp } = await mailServer({ onConnect: () => {} })
    const limits = { connectionTimeout: 200, greetingTimeout: 200, socketTimeout: 200 }
    const began = performance.now()
    await expect(smtpMailer(smtp, from, silentLog, limits).send(mail)).rejects.toThrow(/ETIMEDOUT/)
    expect(performance.now() - began).toBeLessThan(2_000)

    const stopping = new AbortController()
    const sending = smtpMailer(smtp, from, silentLog).send(mail, stopping.signal)
    setTimeout(() => stopping.abort(), 50)
    await expect(sending).rejects.toThrow('(stopped)')
    await expect(smtpMailer(smtp, from, silentLog).send(mail, stopping.signal)).rejects.toThrow()
  })

  test('no header, and no second recipient, is smuggled into a mail', async () => {
    const { received, smtp } = await mailServer()
    const mailer = smtpMailer(smtp, from, silentLog)
    for (const to of [
      'a@x.example\r\nBcc: b@x.example',
      'a@x.example, b@x.example',
      'a@x.example b@x.example',
      'A <a@x.example>',
      '"a@x.example\u0000"@y.example',
      'group:a@x.example;',
      'a@x.example\n',
      '',
    ])
      await expect(mailer.send({ ...mail, to }), to).rejects.toThrow('not one plain address')
    await expect(mailer.send({ ...mail, subject: 'Hi\r\nBcc: b@x.example' })).rejects.toThrow(
      'control characters',
    )
    expect(received).toEqual([])
  })
})

describe('without a mail server', () => {
  const folders: string[] = []
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

  test('a mail is a file for its owner alone, which the log names, and whose link is whole', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'frontdesk-mail-'))
    folders.push(dataDir)
    const { lines, log } = keptLog()
    const mailer = fileMailer(dataDir, from, log)
    await mailer.send(mail)
    await mailer.send({ ...mail, subject: 'Another' })
    const folder = join(dataDir, 'mail')
    const files = (await readdir(folder)).sort()
    // Two of one millisecond are in no order.
    expect(lines.map((line) => line['file']).sort()).toEqual(files.map((file) => join(folder, file)))
    expect(String(lines[0]?.['msg'])).toContain('SMTP_URL')
    expect(JSON.stringify(lines)).not.toContain('fdm_')
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    const [file = ''] = files
    expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600)
    const message = await readFile(join(folder, file), 'utf8')
    expect(message).toMatch(/^To: jennie@winterfell\.example\r$/m)
    expect(message).toContain(`\r\n${link}\r\n`)
    await expect(mailer.send({ ...mail, to: 'a@x.example\r\nBcc: b@x.example' })).rejects.toThrow()
  })
})

test('a mail that could not be sent is sent when the server is there again, with a secret of its own', async () => {
  const desk = await openTestDesk()
  const admin = await desk.given.user({ role: 'admin' })
  const down = await mailServer()
  await down.shut()
  const mailer = smtpMailer(down.smtp, from, silentLog, { connectionTimeout: 1_000 })
  const tasks = tasksOf({ ...desk.ctx, mailer }, secretKey)
  const worker = await startWorker(desk.database.connection, tasks, silentLog)
  const jobs = () =>
    desk.rows<{ attempts: number; last_error: string; locked: boolean }>(
      `select jobs.attempts, last_error, locked_at is not null as locked from graphile_worker._private_jobs as jobs
       join graphile_worker._private_tasks as tasks on tasks.id = task_id where identifier = 'mail_invitation'`,
    )
  const secretHash = async () => (await desk.rows('select secret_hash from one_time_tokens'))[0]
  try {
    const body = {
      username: 'jon',
      email: 'jon@wall.example',
      first_name: 'J',
      last_name: 'S',
      role: 'operator' as const,
    }
    expect((await desk.as(admin)(createUser, { body })).status).toBe(201)
    await expect
      .poll(async () => (await jobs())[0]?.last_error, { timeout: 10_000 })
      .toContain('did not take a mail')
    const first = await secretHash()
    expect(JSON.stringify(await jobs())).not.toMatch(/fdm_|jon/)

    const { received } = await mailServer({}, down.smtp.port)
    await desk.rows('update graphile_worker._private_jobs set run_at = now()')
    await expect.poll(() => received.length, { timeout: 20_000 }).toBe(1)
    await expect.poll(jobs).toEqual([])
    expect(await secretHash()).not.toEqual(first)
    const token = /#(fdm_[\w-]{43})/.exec(decoded(received[0]?.message ?? ''))?.[1] ?? ''
    const accepted = await desk.anonymous(acceptInvitation, {
      body: { token, password: 'keep-yourself-warm' },
    })
    expect(accepted.status).toBe(204)
  } finally {
    await worker.stop()
  }
}, 60_000)

test('stopping waits for no mail server: the mail is left to be sent later', async () => {
  const desk = await openTestDesk()
  const admin = await desk.given.user({ role: 'admin' })
  const { smtp } = await mailServer({ onConnect: () => {} })
  const worker = await startWorker(
    desk.database.connection,
    tasksOf({ ...desk.ctx, mailer: smtpMailer(smtp, from, silentLog) }, secretKey),
    silentLog,
  )
  const job = async () =>
    (
      await desk.rows(
        `select attempts, locked_at is not null as locked from graphile_worker._private_jobs where payload ->> 'user_id' is not null`,
      )
    )[0]
  const body = {
    username: 'jon',
    email: 'jon@wall.example',
    first_name: 'J',
    last_name: 'S',
    role: 'operator' as const,
  }
  await desk.as(admin)(createUser, { body })
  await expect.poll(job, { timeout: 10_000 }).toMatchObject({ locked: true })
  const began = performance.now()
  await worker.stop()
  expect(performance.now() - began).toBeLessThan(5_000)
  expect(await job()).toEqual({ attempts: 1, locked: false })
}, 30_000)

describe('the configuration', () => {
  const mailOf = (env: Record<string, string>) => readConfig(env).mail
  const smtpOf = (SMTP_URL: string, env: Record<string, string> = {}) => mailOf({ SMTP_URL, ...env }).smtp

  test('names a mail server and how to speak to it', () => {
    expect(mailOf({})).toEqual({ smtp: undefined, from: 'frontdesk@localhost' })
    expect(mailOf({ PUBLIC_URL: 'https://desk.shop.example' }).from).toBe('frontdesk@desk.shop.example')
    expect(smtpOf('smtp://mail.example')).toEqual({
      host: 'mail.example',
      port: 587,
      secure: false,
      tls: true,
      user: undefined,
      password: undefined,
    })
    expect(smtpOf('smtps://desk%40shop:p%25%2Fw@mail.example')).toMatchObject({
      port: 465,
      secure: true,
      tls: true,
      user: 'desk@shop',
      password: 'p%/w',
    })
    expect(smtpOf('smtp://localhost:1025')).toMatchObject({ port: 1025, tls: false })
    expect(smtpOf('smtp://127.0.0.1:25', { SMTP_TLS: 'on' })).toMatchObject({ tls: true })
    expect(smtpOf('smtp://relay:25', { SMTP_TLS: 'off' })).toMatchObject({ tls: false })
    expect(smtpOf('smtp://[::1]:2525')).toMatchObject({ host: '::1', tls: false })
  })

  test.each<[Record<string, string>, RegExp]>([
    [{ SMTP_URL: 'mail.example' }, /SMTP_URL must look like/],
    [{ SMTP_URL: 'http://mail.example' }, /SMTP_URL must look like/],
    [{ SMTP_URL: 'smtp://mail.example/path' }, /SMTP_URL must look like/],
    [{ SMTP_URL: 'smtp://mail.example?tls=no' }, /SMTP_URL must look like/],
    [{ SMTP_URL: 'smtp://u%zz:secret-part@mail.example' }, /%25/],
    [{ SMTP_URL: 'smtp://u:secret-part@mail.example', SMTP_TLS: 'off' }, /for all to read/],
    [{ SMTP_TLS: 'maybe' }, /SMTP_TLS must be one of on, off/],
    [{ SMTP_FROM: 'Desk <desk@shop.example>' }, /SMTP_FROM must be one plain/],
    [{ SMTP_FROM: 'desk@shop.example\r\nBcc: x@y.example' }, /SMTP_FROM must be one plain/],
  ])('refuses %j', (env, message) => {
    expect(() => readConfig(env)).toThrow(ConfigError)
    expect(() => readConfig(env)).toThrow(message)
    expect(() => readConfig(env)).not.toThrow(/secret-part/)
  })
})
