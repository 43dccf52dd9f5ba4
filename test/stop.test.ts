// How a desk ends: what is in flight is answered, PostgreSQL stops after it, and nothing is left behind.
import { existsSync, readdirSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import {
  childrenOf,
  connectTo,
  dataOf,
  type DeskProcess,
  eventually,
  freePort,
  newFolder,
  run,
  runs,
  serverPid,
  socketFolders,
  startDesk,
  timeBetween,
} from './support/desk-process.ts'
import { openStream } from './support/event-stream.ts'

const open = { ANONYMOUS_ROLE: 'operator' }

/** A PATCH that waits until it is let go, because somebody else holds its customer. */
async function slowPatch(desk: DeskProcess, folder: string) {
  const send = (method: string, path: string, body: object) =>
    fetch(`${desk.url}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const { id } = (await (
    await send('POST', '/customers', { first_name: 'Ed', last_name: 'Stark' })
  ).json()) as { id: number }
  const holder = await connectTo(folder)
  await holder.query('begin')
  await holder.query('select from customers where id = $1 for update', [id])
  const answer = send('PATCH', `/customers/${id}`, { first_name: 'Ned' })
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'frontdesk'`
  await eventually(async () => (await holder.query(waiting)).rowCount === 1)
  return { answer, letGo: () => holder.query('rollback').finally(() => holder.end()) }
}

/** True as soon as a balancer, or a new client, is turned away. */
const turnsAway = async (desk: DeskProcess) => !(await fetch(`${desk.url}/readyz`).catch(() => undefined))?.ok

async function left(folder: string, postgres: number) {
  return { postgres: runs(postgres), sockets: await socketFolders(folder) }
}
const nothing = { postgres: false, sockets: [] }

describe.concurrent('a desk that is told to stop', { timeout: 60_000 }, () => {
  test('answers what is in flight, turns new clients away, and leaves nothing running', async () => {
    const folder = await newFolder()
    const desk = await startDesk({ folder, env: open })
    const postgres = serverPid(dataOf(folder))
    const patch = await slowPatch(desk, folder)

    const stopped = desk.stop('SIGTERM')
    expect(await eventually(() => turnsAway(desk))).toBe(true)
    expect(runs(postgres)).toBe(true)
    await patch.letGo()

    const answer = await patch.answer
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ first_name: 'Ned' })
    expect(await stopped).toEqual({ code: 0, signal: null })
    // Sooner than a connection that is still open would be cut.
    expect(timeBetween(desk, '"PATCH"', '"stopped"')).toBeLessThan(4_500)
    expect(await left(folder, postgres)).toEqual(nothing)
  })

  test('answers what is in flight after a Ctrl+C that reaches everything in the terminal at once', async () => {
    const folder = await newFolder()
    const desk = await startDesk({ folder, env: open, wrapped: true, detached: true })
    const postgres = serverPid(dataOf(folder))
    const patch = await slowPatch(desk, folder)

    process.kill(-desk.pid, 'SIGINT')
    expect(await eventually(() => turnsAway(desk))).toBe(true)
    await patch.letGo()

    expect((await patch.answer).status).toBe(200)
    expect(await desk.exit).toEqual({ code: 0, signal: null })
    expect(await left(folder, postgres)).toEqual(nothing)
  })

  test('is not kept by clients that hold a connection and send nothing', async () => {
    const folder = await newFolder()
    const desk = await startDesk({ folder })
    const agent = new Agent({ keepAlive: true })
    const [answer] = await once(get(`${desk.url}/livez`, { agent }), 'response')
    answer.resume()
    const silent = connect(desk.port, '127.0.0.1').on('error', () => {})
    await once(silent, 'connect')

    expect(await desk.stop()).toEqual({ code: 0, signal: null })
    expect(timeBetween(desk, '"stopping"', '"stopped"')).toBeLessThan(4_500)
    agent.destroy()
    silent.destroy()
  })

  test('ends the streams of those who listen, who come back to another instance', async () => {
    const folder = await newFolder()
    const desk = await startDesk({ folder, env: open })
    const streams = await Promise.all(Array.from({ length: 5 }, () => openStream(desk.url)))
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])

    expect(await desk.stop()).toEqual({ code: 0, signal: null })
    expect(streams.some(({ isOpen }) => isOpen)).toBe(false)
    // Sooner than a connection that is still open would be cut.
    expect(timeBetween(desk, '"stopping"', '"stopped"')).toBeLessThan(4_500)
  })

  test('cuts a request that never ends, and is gone within ten seconds', async () => {
    const folder = await newFolder()
    const desk = await startDesk({ folder, env: open })
    const postgres = serverPid(dataOf(folder))
    const endless = connect(desk.port, '127.0.0.1').on('error', () => {})
    endless.write(
      'POST /api/v1/customers HTTP/1.1\r\nhost: desk\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"first',
    )
    await once(endless, 'connect')
    // Answered after it on the same server, so the endless one has arrived.
    await fetch(`${desk.url}/livez`)

    expect(await desk.stop()).toEqual({ code: 0, signal: null })
    expect(timeBetween(desk, '"stopping"', '"stopped"')).toBeLessThan(10_000)
    expect(await left(folder, postgres)).toEqual(nothing)
    endless.destroy()
  })

  test('leaves within ten seconds although PostgreSQL hangs', async () => {
    const folder = await newFolder()
    const desk = await startDesk({ folder })
    const postgres = serverPid(dataOf(folder))
    process.kill(postgres, 'SIGSTOP')

    expect(await desk.stop()).toEqual({ code: 0, signal: null })
    expect(timeBetween(desk, '"stopping"', '"stopped"')).toBeLessThan(10_000)
    expect(await left(folder, postgres)).toEqual(nothing)
  })

  test('leaves at once when it is told so twice', async () => {
    const folder = await newFolder()
    const desk = await startDesk({ folder, env: open })
    const patch = await slowPatch(desk, folder)
    const aborted = patch.answer.catch(() => 'aborted')

    desk.child.kill('SIGINT')
    await eventually(() => turnsAway(desk))
    const again = setInterval(() => desk.child.kill('SIGINT'), 100)
    const exit = await desk.exit
    clearInterval(again)

    expect(exit).toEqual({ code: 1, signal: null })
    await patch.letGo()
    expect(await aborted).toBe('aborted')
  })
})

describe.concurrent('a desk that is told to stop while it starts', { timeout: 60_000 }, () => {
  test('finishes making its database, stops it, and leaves', async () => {
    const folder = await newFolder()
    const desk = run(['start'], { folder })
    const making = () =>
      existsSync(dataOf(folder)) && readdirSync(dataOf(folder)).some((name) => name.startsWith('postgres'))
    expect(await eventually(making)).toBe(true)
    desk.child.kill('SIGTERM')

    expect(await desk.exit).toEqual({ code: 0, signal: null })
    expect(desk.said()).toBe('')
    expect(await left(folder, serverPid(dataOf(folder)))).toEqual(nothing)
  })

  test('waits no longer for a database that does not come', async () => {
    const folder = await newFolder()
    const url = `postgres://nobody@127.0.0.1:${await freePort()}/frontdesk`
    const desk = run(['start'], {
      folder,
      env: { DATABASE_URL: url, SECRET_KEY: '0123456789abcdef'.repeat(4) },
    })
    expect(await eventually(() => desk.logged().includes('waiting for the database'))).toBe(true)
    desk.child.kill('SIGTERM')

    expect(await desk.exit).toEqual({ code: 0, signal: null })
    expect(timeBetween(desk, '"stopping"', '"stopped"')).toBeLessThan(3_000)
  })
})

test('a desk stops when the program that started it is killed', { timeout: 60_000 }, async () => {
  const folder = await newFolder()
  const desk = await startDesk({ folder, wrapped: true })
  const postgres = serverPid(dataOf(folder))
  const [server = 0] = childrenOf(desk.pid)
  expect(runs(server)).toBe(true)

  desk.child.kill('SIGKILL')

  expect(await eventually(() => !runs(server))).toBe(true)
  expect(await left(folder, postgres)).toEqual(nothing)
})
