// The server is killed while calls with an Idempotency-Key are under way. Whoever repeats them afterwards finds each done once.
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { ask, connectTo, type DeskProcess, eventually, newFolder, startDesk } from './support/desk-process.ts'

const env = { ANONYMOUS_ROLE: 'operator', LOG_LEVEL: 'warn' }

/** Undefined when no answer came. */
async function create(desk: DeskProcess, name: string, key: string | undefined) {
  const answer = await fetch(`${desk.url}/api/v1/customers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
    body: JSON.stringify({ first_name: 'Ed', last_name: name }),
  }).catch(() => undefined)
  if (!answer) return undefined
  const text = await answer.text().catch(() => undefined)
  return text === undefined
    ? undefined
    : { status: answer.status, replayed: answer.headers.has('idempotency-replayed') }
}

async function kill(desk: DeskProcess) {
  desk.child.kill('SIGKILL')
  await desk.exit
}

const made = (folder: string) =>
  ask<{ name: string; count: number }>(
    folder,
    'select last_name as name, count(*)::int as count from customers group by 1 order by 1',
  )

/** Eight clients until the desk is killed; answers whose calls got no answer. */
async function killedUnderLoad(folder: string, keyOf: (name: string) => string | undefined) {
  const desk = await startDesk({ folder, env })
  const unanswered: string[] = []
  let answered = 0
  const client = async () => {
    for (;;) {
      const name = `Row ${randomUUID()}`
      if (!(await create(desk, name, keyOf(name)))) return void unanswered.push(name)
      answered += 1
    }
  }
  const clients = Promise.all(Array.from({ length: 8 }, client))
  await eventually(() => answered >= 50)
  await kill(desk)
  await clients
  return unanswered
}

test('whatever moment the kill falls on, a repeat leaves one effect', { timeout: 120_000 }, async () => {
  const folder = await newFolder()
  const keys = new Map<string, string>()
  const keyOf = (name: string) => keys.set(name, randomUUID()).get(name)
  for (let kills = 0; kills < 2; kills += 1) {
    const unanswered = await killedUnderLoad(folder, keyOf)
    expect(unanswered.length).toBeGreaterThan(0)
    const desk = await startDesk({ folder, env })
    for (const name of unanswered) expect((await create(desk, name, keys.get(name)))?.status).toBe(201)
    await desk.stop()
  }
  await startDesk({ folder, env })
  const rows = await made(folder)
  expect(rows.filter(({ count }) => count !== 1)).toEqual([])
  expect(new Set(rows.map(({ name }) => name))).toEqual(new Set(keys.keys()))
})

test(
  'killed before the effect: it happens at the repeat; killed behind it: it is answered',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder()
    const first = await startDesk({ folder, env })
    const outside = await connectTo(folder)
    // Holds the effect up: the call is in the middle of its transaction.
    await outside.query('begin; lock table customers in share mode')
    const before = randomUUID()
    const unanswered = create(first, 'Before', before)
    await eventually(async () => {
      const { rows } = await outside.query(
        `select 1 from pg_locks where not granted and relation = 'customers'::regclass`,
      )
      return rows.length === 1
    })
    await kill(first)
    expect(await unanswered).toBeUndefined()
    await outside.query('rollback')
    await outside.end()

    const second = await startDesk({ folder, env })
    expect(await create(second, 'Before', before)).toEqual({ status: 201, replayed: false })
    const behind = randomUUID()
    expect(await create(second, 'Behind', behind)).toEqual({ status: 201, replayed: false })
    await kill(second)
    const third = await startDesk({ folder, env })
    expect(await create(third, 'Behind', behind)).toEqual({ status: 201, replayed: true })
    expect(await made(folder)).toEqual([
      { name: 'Before', count: 1 },
      { name: 'Behind', count: 1 },
    ])
  },
)

test('control: without keys the repeats make some a second time', { timeout: 120_000 }, async () => {
  const folder = await newFolder()
  let twice = 0
  // A kill may happen to fall where no call was between its effect and its answer.
  for (let kills = 0; kills < 8 && twice === 0; kills += 1) {
    const unanswered = await killedUnderLoad(folder, () => undefined)
    const desk = await startDesk({ folder, env })
    for (const name of unanswered) await create(desk, name, undefined)
    twice = (await made(folder)).filter(({ count }) => count > 1).length
    await desk.stop()
  }
  expect(twice).toBeGreaterThan(0)
})
