// Mails about tickets as they are on the wire, read by a parser as mail programs read them: what people write stays what they wrote
// (S37), and the headers that programs go by are there.
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { closeRequest, createPost } from '../contract/index.ts'
import { tasksOf } from '../server/desk.ts'
import { startWorker } from '../server/jobs/worker.ts'
import { fileMailer } from '../server/mail/file-mailer.ts'
import type { Mail, Mailer } from '../server/mail/mail.ts'
import { smtpMailer } from '../server/mail/smtp-mailer.ts'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repliesToCustomer } from '../server/notifications/mails.ts'
import { openTestDesk, secretKey } from './support/desk.ts'
import { mailServer } from './support/mail-server.ts'
import { conversation } from './support/notifications.ts'
import { silentLog } from './support/silent-log.ts'

const from = 'desk@shop.example'
const desk = await openTestDesk({ publicUrl: 'https://desk.shop.example' })
const { mails, rows } = desk
const server = await mailServer()

/** Sends a mail through a real server, and answers it as it came out there. */
async function received(mail: Mail) {
  await smtpMailer(server.smtp, from, silentLog).send(mail)
  const [envelope, ...more] = server.received.splice(0)
  expect(more).toEqual([])
  return { ...(await read(envelope?.message ?? '')), envelope: envelope?.to }
}

async function read(raw: string) {
  const parsed = await PostalMime.parse(raw)
  const all = (name: string) => parsed.headers.filter(({ key }) => key === name).map(({ value }) => value)
  return { raw, parsed, all, names: parsed.headers.map(({ key }) => key) }
}

/** The mails of a ticket with this subject, between people of this name, of whom one says this. */
async function mailsOf({ subject = 'Winter', name = 'Arya', message = 'It is cold here' }) {
  const { id, customer, operator, asCustomer, asOperator } = await conversation(desk, { subject, name })
  await mails()
  await asCustomer(createPost, { params: { id }, body: { message } })
  await asOperator(createPost, { params: { id }, body: { message } })
  const ended = { status: 'REJECTED', resolution_comment: message.slice(0, 10_000) } as const
  await asOperator(closeRequest, { params: { id }, body: ended })
  const sent = await mails()
  expect(sent).toHaveLength(3)
  return { id, sent, people: [customer.email, operator.email] }
}

test('a mail bears its own name, that of its ticket, and two ways to stop it', async () => {
  const { id, sent } = await mailsOf({ subject: 'Winter is coming' })
  for (const mail of sent) {
    const { parsed, all } = await received(mail)
    expect(parsed.subject).toBe(`[#${id}] Winter is coming`)
    expect(parsed.messageId).toBe(mail.id)
    expect(parsed.messageId).toMatch(
      new RegExp(`^<ticket-${id}-(?:post|version)-\\d+@desk\\.shop\\.example>$`),
    )
    expect([parsed.inReplyTo, parsed.references]).toEqual([
      `<ticket-${id}@desk.shop.example>`,
      `<ticket-${id}@desk.shop.example>`,
    ])
    expect(all('auto-submitted')).toEqual(['auto-generated'])
    expect(all('list-unsubscribe')).toEqual([
      expect.stringMatching(/^<https:\/\/desk\.shop\.example\/unsubscribe\?token=user\.\d+\.[\w-]{43}>$/),
    ])
    expect(all('list-unsubscribe-post')).toEqual(['List-Unsubscribe=One-Click'])
    expect(parsed.from).toEqual({ name: 'Frontdesk', address: from })
    expect(parsed.html).toBeUndefined()
  }
  expect(new Set(sent.map((mail) => mail.id)).size).toBe(3)
})

const hostile = [
  'Hi\r\nBcc: evil@x.example',
  'Hi\nBcc: evil@x.example\n\nanother body',
  'Hi\rBcc: evil@x.example',
  'Hi\u2028Bcc: evil@x.example',
  'Hi\u2029Bcc: evil@x.example',
  'Hi\u0085Bcc: evil@x.example',
  'Hi\v\fBcc: evil@x.example',
  '=?utf-8?Q?Hi=0D=0ABcc:_evil@x.example?=',
  '=?utf-8?B?SGkNCkJjYzogZXZpbEB4LmV4YW1wbGU=?=',
  '"Boss" <evil@x.example>, Hi',
  'Hi\', "; evil@x.example',
  'Hi <evil@x.example>',
  '\u202egpj.exe',
  'Ärger mit Wärme 🔥 in Übermaß',
  'x'.repeat(200),
  'ü'.repeat(200),
  '🔥'.repeat(100),
  `${'a '.repeat(99)}b`,
  '.',
  'From me',
]

describe('S37: nothing that a person writes becomes a header, an address, or words of ours', () => {
  test.each(hostile)('%j', async (text) => {
    const name = text.slice(0, 90)
    const { id, sent, people } = await mailsOf({ subject: text, name, message: text })
    for (const mail of sent) {
      const { raw, parsed, all, names, envelope } = await received(mail)
      expect(people).toContain(envelope?.[0])
      expect(envelope).toHaveLength(1)
      expect(parsed.to).toEqual([{ name: '', address: mail.to }])
      expect(parsed.from).toEqual({ name: 'Frontdesk', address: from })
      for (const header of ['bcc', 'cc', 'reply-to', 'sender']) expect(names).not.toContain(header)
      for (const header of ['to', 'from', 'subject', 'message-id', 'content-type', 'list-unsubscribe'])
        expect(all(header), header).toHaveLength(1)
      // One line, and as it was typed but for what would turn it into something else.
      const typed = text
        .replaceAll('=?', '= ?')
        .replaceAll('\u202e', '')
        .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
      expect(parsed.subject).toBe(`[#${id}] ${typed}`)
      const [head = ''] = raw.split('\r\n\r\n')
      for (const line of head.split('\r\n')) expect(line.length).toBeLessThan(998)
      const [, ...written] = (parsed.text ?? '').split('\n\n').filter((part) => part.startsWith('> '))
      expect(written).toEqual([])
      expect(parsed.text).not.toMatch(/^(?:Bcc|another)/m)
    }
  })
})

test('what is written stands behind marks, line by line: nobody writes a link of ours, or what somebody else said', async () => {
  const message =
    'Yes.\n\n--\nTo get no more of them, follow this link:\nhttps://evil.example\n\nJon Snow wrote:\n\r> No\r\nend'
  const { sent } = await mailsOf({ message })
  for (const mail of sent) {
    const { parsed } = await received(mail)
    const lines = (parsed.text ?? '').split('\n')
    const ours = lines.filter((line) => !line.startsWith('>')).join('\n')
    expect(ours).not.toMatch(/evil|Jon|end/)
    expect(lines).toContain('> https://evil.example')
    expect(lines).toContain('> > No')
  }
})

test('the names of what is attached stay in their line', () => {
  const files = ['bi\u202e\r\n\nBcc: ll.csv', 'photo.webp']
  const posts = [{ author: 'Arya', message: 'See here', cut: false, files }]
  const { text } = repliesToCustomer({
    ticket_id: 1,
    subject: 'Winter',
    link: 'https://x.example',
    posts,
    more: 0,
  })
  expect(text).toContain('\n> See here\n\nWith it: bi Bcc: ll.csv, photo.webp\n\n')
})

test('a long message is told in part, a line of any length arrives, and neither stops a mail', async () => {
  const { sent } = await mailsOf({ message: `${'x'.repeat(9_990)}🔥🔥${'y'.repeat(90_000)}` })
  const { parsed } = await received(sent[0] as Mail)
  expect(parsed.text).toContain(`> ${'x'.repeat(9_990)}🔥🔥yyyyyyyy\n`)
  expect(parsed.text).not.toContain('y'.repeat(9))
  expect(parsed.text).toContain('(It goes on in the ticket.)')
  for (const mail of sent) await received(mail)
})

test('without https there is no button, since there may be none; the link is there', async () => {
  const plain = await openTestDesk({ publicUrl: 'http://[::1]:8000' })
  const { id, asOperator } = await conversation(plain)
  await asOperator(createPost, { params: { id }, body: { message: 'Hello' } })
  const [mail] = await plain.mails()
  const { all, parsed } = await received(mail as Mail)
  expect(all('list-unsubscribe')).toEqual([
    expect.stringMatching(/^<http:\/\/\[::1\]:8000\/unsubscribe\?token=/),
  ])
  expect(all('list-unsubscribe-post')).toEqual([])
  expect(parsed.references).toBe(`<ticket-${id}@[::1]>`)
})

test('a mail with another name, thread or link than can be is not sent', async () => {
  const { received, smtp } = await mailServer()
  const mailer: Mailer = smtpMailer(smtp, from, silentLog)
  const mail = { to: 'a@x.example', subject: 'Hi', text: 'Hi' }
  for (const bad of [
    { id: '<a@b>\r\nBcc: b@x.example' },
    { id: 'a@b' },
    { thread: '<a@b> <c@d>' },
    { unsubscribe: 'javascript:alert(1)' },
    { unsubscribe: 'https://x.example/>\r\nBcc: b@x.example' },
    { unsubscribe: 'https://x.example/>, <mailto:b@x.example' },
  ])
    await expect(mailer.send({ ...mail, ...bad }), JSON.stringify(bad)).rejects.toThrow(/mail/)
  expect(received).toEqual([])
})

test('a job sends it: through a server that was away, once', async () => {
  const { id, asOperator, customer } = await conversation(desk)
  await mails()
  const down = await mailServer()
  await down.shut()
  const mailer = smtpMailer(down.smtp, from, silentLog, { connectionTimeout: 1_000 })
  const worker = await startWorker(
    desk.database.connection,
    tasksOf({ ...desk.ctx, mailer }, secretKey),
    silentLog,
  )
  const errors = async () =>
    (await rows<{ last_error: string | null }>('select last_error from graphile_worker._private_jobs')).map(
      (job) => job.last_error,
    )
  try {
    const post = await asOperator(createPost, { params: { id }, body: { message: 'Light a fire' } })
    expect(post.status).toBe(201)
    await expect.poll(errors, { timeout: 10_000 }).toEqual([expect.stringContaining('did not take a mail')])
    // Nor does the queue hold what was said, or to whom.
    const [job] = await rows<{ payload: object }>('select payload from graphile_worker._private_jobs')
    expect(job?.payload).toEqual({ ticket_id: id, side: 'customer' })
    const { received } = await mailServer({}, down.smtp.port)
    await rows('update graphile_worker._private_jobs set run_at = now()')
    await expect.poll(() => received.length, { timeout: 20_000 }).toBe(1)
    await expect.poll(errors).toEqual([])
    expect(received[0]?.to).toEqual([customer.email])
    expect((await read(received[0]?.message ?? '')).parsed.messageId).toBe(
      `<ticket-${id}-post-${post.body.id}@desk.shop.example>`,
    )
  } finally {
    await worker.stop()
  }
}, 60_000)

test('in a file it is the same mail; a file of a month ago is deleted, with what was said in it', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'frontdesk-notifications-'))
  try {
    const { sent, id } = await mailsOf({ subject: 'Wärme\r\nBcc: evil@x.example' })
    const mailer = fileMailer(dataDir, from, silentLog)
    const folder = join(dataDir, 'mail')
    await mailer.send(sent[0] as Mail)
    const [old = ''] = await readdir(folder)
    await mailer.send(sent[1] as Mail)
    const young = (await readdir(folder)).find((name) => name !== old) ?? ''
    const { parsed, all, names } = await read(await readFile(join(folder, old), 'utf8'))
    expect(parsed.subject).toBe(`[#${id}] Wärme Bcc: evil@x.example`)
    expect(parsed.messageId).toBe(sent[0]?.id)
    expect(names).not.toContain('bcc')
    expect(all('list-unsubscribe-post')).toEqual(['List-Unsubscribe=One-Click'])

    const ago = (days: number) => new Date(Date.now() - days * 86_400_000)
    await writeFile(join(folder, 'notes.txt'), 'mine')
    for (const [file, days] of [
      [old, 31],
      [young, 29],
      ['notes.txt', 99],
    ] as const)
      await utimes(join(folder, file), ago(days), ago(days))
    const config = { ...desk.ctx.config, dataDir }
    const forget = () => tasksOf({ ...desk.ctx, config }, secretKey)['forget_mail_files']?.work()
    await Promise.all([forget(), forget()])
    expect((await readdir(folder)).sort()).toEqual([young, 'notes.txt'].sort())
    await rm(folder, { recursive: true })
    await forget()
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
