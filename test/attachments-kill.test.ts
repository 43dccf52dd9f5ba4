// The server is killed while posts with attachments are being written. Whatever moment it falls on, what was answered is there,
// each attachment that is listed can be read, and what was left behind is swept away.
import { createHash, randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Customer, Post, Request } from '../contract/index.ts'
import { ask, type DeskProcess, eventually, newFolder, startDesk } from './support/desk-process.ts'

const env = { ANONYMOUS_ROLE: 'operator', LOG_LEVEL: 'warn', RATE_LIMIT: 'off' }

const post = (url: string, body: object) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

/** One text of its own, and one that all of them have. */
function attach(desk: DeskProcess, ticket_id: number) {
  const own = randomBytes(20_000).toString('hex')
  const form = new FormData()
  form.append('message', createHash('sha256').update(own).digest('hex'))
  form.append('attachments', new Blob([own], { type: 'text/plain' }), 'own.txt')
  form.append('attachments', new Blob(['It is cold here'], { type: 'text/plain' }), 'shared.txt')
  return fetch(`${desk.url}/api/v1/tickets/${ticket_id}/posts`, { method: 'POST', body: form })
}

interface Row {
  readonly id: number
  readonly sha256: string
  readonly key: string
}

const attachmentsIn = (folder: string) =>
  ask<Row>(folder, 'select id, sha256, key from attachments join attachment_files using (sha256) order by id')

/** Says of each attachment, as it is served, whether it is the content that the row means. */
async function unreadable(desk: DeskProcess, folder: string): Promise<number[]> {
  const wrong: number[] = []
  for (const { id, sha256 } of await attachmentsIn(folder)) {
    const answer = await fetch(`${desk.url}/api/v1/attachments/${id}`)
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (answer.status !== 200 || createHash('sha256').update(bytes).digest('hex') !== sha256) wrong.push(id)
  }
  return wrong
}

test(
  'killed at any moment, what was answered is there, and all that is there can be read',
  { timeout: 120_000 },
  async () => {
    const folder = await newFolder()
    let desk = await startDesk({ folder, env })
    const customer = (await (
      await post(`${desk.url}/api/v1/customers`, { first_name: 'Ed', last_name: 'Stark' })
    ).json()) as Customer
    const tickets = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const made = await post(`${desk.url}/api/v1/customers/${customer.id}/requests`, { body: 'Winter' })
        return ((await made.json()) as Request).id
      }),
    )
    const answered: Post[] = []
    for (let kills = 0; kills < 3; kills += 1) {
      const clients = tickets.map(async (id) => {
        for (;;) {
          const answer = await attach(desk, id).catch(() => undefined)
          const made =
            answer?.status === 201
              ? ((await answer.json().catch(() => undefined)) as Post | undefined)
              : undefined
          if (!made) return
          answered.push(made)
        }
      })
      await eventually(() => answered.length >= 20 * (kills + 1) + kills * 3)
      desk.child.kill('SIGKILL')
      await desk.exit
      await Promise.all(clients)
      desk = await startDesk({ folder, env })
      expect(await unreadable(desk, folder)).toEqual([])
    }
    const rows = await attachmentsIn(folder)
    const there = new Map(rows.map(({ id, sha256 }) => [id, sha256]))
    for (const { message, attachments } of answered)
      expect([attachments.length, there.get(attachments[0]?.id ?? 0)]).toEqual([2, message])
    // What all of them have is there once.
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length / 2 + 1)
    const files = await readdir(join(folder, 'data/files'), { recursive: true, withFileTypes: true })
    expect(files.filter((entry) => entry.isFile()).length).toBeGreaterThanOrEqual(rows.length / 2 + 1)

    // Control: this looks at the files themselves.
    const [first] = rows
    const key = first?.key ?? ''
    await rm(join(folder, 'data/files', key.slice(0, 2), key))
    expect(await unreadable(desk, folder)).toEqual([first?.id])
  },
)
