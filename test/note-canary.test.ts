// A note with a word that stands nowhere else, and a customer who looks for it everywhere: by every endpoint that they may call,
// with every filter and search, in the events, in the mails, and in what goes to other instances.
import { afterAll, expect, test } from 'vitest'
import {
  assignRequest,
  atLeast,
  closeRequest,
  createPost,
  deletePost,
  type Endpoint,
  endpoints,
  openTicket,
  requestFor,
  updatePost,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { openStream } from './support/event-stream.ts'
import { sendTo } from './support/send.ts'

const desk = await openTestDesk()
const open = await openTestDesk({ beside: desk, ticketVisibility: 'all' })
const { as, given, rows } = desk
const canary = 'xylophonquarzkanarie'

const ed = await given.user()
await given.own(ed)
await rows("update users set email = 'ed@winterfell.example', email_verified_at = now() where id = $1", [
  ed.id,
])
const other = await given.user()
await given.own(other)
const operator = await given.operator()
const staff = as(operator)

const readers = [
  [desk, ed],
  [open, other],
] as const
const streams = await Promise.all(readers.map(([at, { token }]) => openStream(at.url, { token })))

const announced: unknown[] = []
const listening = await desk.pool.connect()
listening.on('notification', ({ channel, payload }) => void announced.push([channel, payload]))
await listening.query('listen changes; listen access_changed')
afterAll(() => listening.release(true))

const { id } = (await as(ed)(openTicket, { body: { subject: 'Winter', message: 'It is cold' } })).body
const params = { id }
const note = (message: string) => staff(createPost, { params, body: { message, internal: true } })
const first = (await note(`The ${canary}`)).body
await staff(updatePost, { params: { id: first.id }, body: { message: `Another ${canary}` } })
const second = (await note(`Deleted ${canary}`)).body
await staff(deletePost, { params: { id: second.id } })
await staff(createPost, { params, body: { message: 'Put on a coat' } })
// Between what is mailed together.
await note(`Still ${canary}`)
await staff(createPost, { params, body: { message: 'And gloves' } })
await staff(assignRequest, { params: { id: operator.id, request_id: id } })
await staff(closeRequest, { params, body: { status: 'COMPLETED', resolution_comment: 'Warm' } })
const jobs = await rows<{ payload: unknown }>('select payload from graphile_worker._private_jobs')

/** What a customer may read, told by the contract: an endpoint that comes later is looked at, too. */
const readable = endpoints.filter(
  ({ method, config }) =>
    method === 'GET' &&
    (config.access === 'anyone' || !atLeast(config.access, 'operator')) &&
    !config.produces,
)

function targetsOf(endpoint: Endpoint): string[] {
  const ids = endpoint.schema.params ? [id, first.id, second.id] : [0]
  const { properties = {} } = (endpoint.schema.querystring ?? {}) as { properties?: object }
  const queries: Readonly<Record<string, string>>[] = [{}]
  if ('q' in properties) queries.push({ q: canary }, { q: canary.slice(0, 5) })
  if ('show_archived' in properties) queries.push({ show_archived: 'true' })
  if ('sort' in properties) queries.push({ limit: '1' })
  if ('after' in properties) queries.push({ after: '0', limit: '1000' })
  return ids.flatMap((id) =>
    queries.map((query) => requestFor(endpoint, { params: { id }, query } as never).path),
  )
}

test('the staff finds the note, so that there is something to be found', async () => {
  const { text } = await sendTo(desk.url, {
    method: 'GET',
    path: `/api/v1/tickets/${id}/posts`,
    headers: { authorization: `Bearer ${operator.token}` },
  })
  expect(text).toContain(canary)
})

test('a customer finds it by no endpoint', async () => {
  expect(readable.length).toBeGreaterThan(10)
  for (const [at, { token }] of readers) {
    for (const path of readable.flatMap(targetsOf)) {
      for (const accept of ['application/json', 'application/hal+json']) {
        const { text, status } = await sendTo(at.url, {
          method: 'GET',
          path,
          headers: { authorization: `Bearer ${token}`, accept },
        })
        expect(status, path).toBeLessThan(500)
        if (path.includes(canary.slice(0, 5))) {
          // What was asked for may stand in the answer; what was found may not.
          if (text.includes('"count":')) expect(JSON.parse(text).count, path).toBe(0)
          continue
        }
        expect(text, path).not.toContain(canary)
        // Not even its number, which a link or an event might tell, but where it was asked for by that.
        const told = path.includes(`/${first.id}`) || path.includes(`/${second.id}`) ? '' : text
        expect(told, path).not.toMatch(new RegExp(`posts/(?:${first.id}|${second.id})\\b`))
      }
    }
  }
})

test('no event tells a customer of it, and no mail tells anybody', async () => {
  for (const stream of streams) {
    await expect.poll(() => stream.isOpen).toBe(true)
    for (const event of stream.events) expect(event.record_type).toBe('user')
    stream.cut()
  }
  const mails = await desk.mails()
  expect(mails.filter(({ text }) => text.includes('And gloves'))).toHaveLength(1)
  for (const mail of mails) expect(JSON.stringify(mail)).not.toContain(canary)
})

test('what is announced to other instances, and what waits to be done, holds no text', async () => {
  expect(announced.length).toBeGreaterThan(0)
  expect(JSON.stringify(announced)).not.toContain(canary)
  expect(jobs.length).toBeGreaterThan(0)
  expect(JSON.stringify(jobs)).not.toContain(canary)
})
