// `frontdesk audit verify`, as an administrator runs it.
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ask, dataOf, finished, newFolder, startDesk } from './support/desk-process.ts'
import { sendTo } from './support/send.ts'

const env = { ANONYMOUS_ROLE: 'admin' }

async function makeCustomers(url: string, names: readonly string[]) {
  for (const last_name of names) {
    const { status } = await sendTo(url, {
      method: 'POST',
      path: '/api/customers',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ first_name: 'Ed', last_name }),
    })
    expect(status).toBe(201)
  }
}

const unbroken = (events: string, number: number) =>
  new RegExp(
    `^${events} in one unbroken chain; the last is number ${number} with the hash ([\\da-f]{64})\\.\\n$`,
  )

describe.concurrent('frontdesk audit verify', { timeout: 60_000 }, () => {
  test('tells the end of the chain, beside a running desk and without one', async () => {
    const folder = await newFolder()
    const verify = (...more: string[]) => finished(['audit', 'verify', ...more], { folder })
    expect(await verify()).toMatchObject({
      code: 1,
      said: `There is no database of Frontdesk in DATA_DIR ${dataOf(folder)}.\n`,
    })
    expect(existsSync(dataOf(folder))).toBe(false)
    const desk = await startDesk({ folder, env })
    await makeCustomers(desk.url, ['Stark'])
    const one = await verify()
    expect(one).toMatchObject({ code: 0, said: expect.stringMatching(unbroken('1 event', 1)) })
    const [, hash] = unbroken('1 event', 1).exec(one.said) ?? []
    await makeCustomers(desk.url, ['Snow', 'Tully'])
    await desk.stop()

    expect(await verify('--expect', `1:${hash?.toUpperCase()}`)).toMatchObject({
      code: 0,
      said: expect.stringMatching(unbroken('3 events', 3)),
    })
    await expect(ask(folder, 'select 1')).rejects.toThrow('No PostgreSQL runs')
  })

  test('tells what is wrong, and leaves with 1', async () => {
    const folder = await newFolder()
    const verify = (...more: string[]) => finished(['audit', 'verify', ...more], { folder })
    const desk = await startDesk({ folder, env })
    await makeCustomers(desk.url, ['Stark', 'Snow', 'Tully'])
    const [, hash = ''] = unbroken('3 events', 3).exec((await verify()).said) ?? []
    await ask(
      folder,
      `alter table audit_events disable trigger user; alter table audit_chain disable trigger user;
       delete from audit_events where id = 3; delete from audit_chain where position = 3`,
    )
    expect(await verify()).toMatchObject({ code: 0 })
    expect(await verify('--expect', `3:${hash}`)).toMatchObject({
      code: 1,
      said: 'The chain ends with number 2, before number 3, which is expected in it.\nThe audit log is not as it was written.\n',
    })
    await ask(folder, 'update audit_events set actor_role = upper(actor_role)')
    expect(await verify()).toMatchObject({
      code: 1,
      said:
        'Event 1, number 1 of the chain, is not what was put there, or its hash was changed.\n' +
        'Event 2, number 2 of the chain, is not what was put there, or its hash was changed.\n' +
        'The audit log is not as it was written.\n',
    })
    await ask(
      folder,
      `insert into audit_events (actor_role, action, record_type, record_id, request_id)
      select 'x', 'x.x', 'x', 1, 'x' from generate_series(1, 200)`,
    )
    const { said } = await verify()
    expect(said.split('\n')).toHaveLength(103)
    expect(said).toContain('\nAnd 102 more like these.\n')
  })

  test('refuses what is no number and hash', async () => {
    const folder = await newFolder()
    expect(await finished(['audit', 'verify', '--expect', 'the-best'], { folder })).toMatchObject({
      code: 1,
      said: '--expect takes a number and a hash that were told before, such as 12:5f3a…, not the-best.\n',
    })
  })
})
