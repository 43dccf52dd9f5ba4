// The server is killed while photos are being replaced. Whatever moment it falls on, each customer has a whole photo, the old
// one or the new one, and what was left behind is swept away.
import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Customer } from '../contract/index.ts'
import { ask, type DeskProcess, eventually, newFolder, startDesk } from './support/desk-process.ts'
import { asUpload, picture } from './support/photos.ts'

const env = { ANONYMOUS_ROLE: 'operator', LOG_LEVEL: 'warn', RATE_LIMIT: 'off' }
const pictures = await Promise.all(
  ['#c02020', '#20c020', '#2020c0'].map(async (color) => asUpload(await picture('png', { color }))),
)

const put = (desk: DeskProcess, id: number, round: number) =>
  fetch(`${desk.url}/api/v1/customers/${id}/photo`, {
    method: 'PUT',
    headers: { 'content-type': 'image/png' },
    body: pictures[round % pictures.length] ?? null,
  })

interface Row {
  readonly id: number
  readonly photo_key: string
  readonly photo_large_hash: string
  readonly photo_small_hash: string
}

const photosIn = (folder: string) =>
  ask<Row>(folder, 'select id, photo_key, photo_large_hash, photo_small_hash from customers order by id')

const filesIn = async (folder: string) => {
  const found = await readdir(join(folder, 'data/files'), { recursive: true, withFileTypes: true })
  return found.filter((entry) => entry.isFile()).map(({ name }) => name)
}

/** Says of each customer's photo, as it is served, whether it is the one that the row means. */
async function unreadable(desk: DeskProcess, folder: string): Promise<number[]> {
  const wrong: number[] = []
  for (const { id, photo_large_hash, photo_small_hash } of await photosIn(folder)) {
    for (const [size, hash] of [
      ['large', photo_large_hash],
      ['small', photo_small_hash],
    ] as const) {
      const answer = await fetch(`${desk.url}/api/v1/customers/${id}/photo?size=${size}`)
      const bytes = Buffer.from(await answer.arrayBuffer())
      const isRight = answer.status === 200 && createHash('sha256').update(bytes).digest('hex') === hash
      if (!isRight) wrong.push(id)
    }
  }
  return wrong
}

test('killed at any moment, a customer has the old photo or the new one', { timeout: 120_000 }, async () => {
  const folder = await newFolder()
  let desk = await startDesk({ folder, env })
  const ids: number[] = []
  for (let n = 0; n < 6; n += 1) {
    const made = await fetch(`${desk.url}/api/v1/customers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ first_name: 'Ed', last_name: `Stark ${n}` }),
    })
    const { id } = (await made.json()) as Customer
    expect((await put(desk, id, 0)).status).toBe(200)
    ids.push(id)
  }
  for (let kills = 0; kills < 3; kills += 1) {
    let answered = 0
    const clients = ids.map(async (id) => {
      for (let round = 1; ; round += 1) {
        const answer = await put(desk, id, round).catch(() => undefined)
        if (answer?.status !== 200) return
        answered += 1
      }
    })
    await eventually(() => answered >= 20 + kills * 3)
    desk.child.kill('SIGKILL')
    await desk.exit
    await Promise.all(clients)
    desk = await startDesk({ folder, env })
    expect(await unreadable(desk, folder)).toEqual([])
  }
  // Of each customer two files, and what the kills have left, which is little.
  expect((await filesIn(folder)).length).toBeGreaterThanOrEqual(ids.length * 2)

  // Control: this looks at the files themselves.
  const [first] = await photosIn(folder)
  const key = first?.photo_key ?? ''
  await rm(join(folder, 'data/files', key.slice(0, 2), `${key}-small.webp`))
  expect(await unreadable(desk, folder)).toEqual([first?.id])
})
