// What must hold of users whoever acts at the same moment, on two instances: an admin always stays, and who is disabled is out.
import { expect, test, vi } from 'vitest'
import {
  createToken,
  disableUser,
  enableUser,
  getMe,
  getUser,
  listMySessions,
  updateUser,
} from '../contract/index.ts'
import * as repository from '../server/users/user-repository.ts'
import { signInBrowser } from './support/browser.ts'
import { openTestDesk, type TestDesk } from './support/desk.ts'
import { openStream } from './support/event-stream.ts'

const password = 'keep-yourself-warm'

async function twoInstances() {
  const first = await openTestDesk()
  return [first, await openTestDesk({ beside: first })] as const
}

const attacks = [
  [updateUser, updateUser],
  [disableUser, disableUser],
  [updateUser, disableUser],
] as const

/** Two admins, and no other, at each other at once; answers what they were told, and how many admins are left. */
function duels([first, second]: readonly [TestDesk, TestDesk]) {
  const tokenOf = async (username: string) =>
    (await first.anonymous(createToken, { body: { username, password } })).body.token
  const attack = (desk: TestDesk, token: string, how: typeof updateUser | typeof disableUser, id: number) =>
    how === updateUser
      ? desk.as({ token })(updateUser, { params: { id }, body: { role: 'operator' } })
      : desk.as({ token })(disableUser, { params: { id } })

  return async function duel(round: number, names: readonly [string, string]) {
    const [one, other] = [await tokenOf(names[0]), await tokenOf(names[1])]
    const ids = await Promise.all(
      [one, other].map(async (token) => (await first.as({ token })(getMe, {})).body.id),
    )
    const [how, back] = attacks[round % attacks.length] ?? attacks[0]
    const replies = await Promise.all([
      attack(first, one, how, ids[1] ?? 0),
      attack(second, other, back, ids[0] ?? 0),
    ])
    const left = await first.rows<{ id: number }>(
      `select id from users where role = 'admin' and status = 'active'`,
    )
    return { replies, left: left.map(({ id }) => id), ids, tokens: [one, other] }
  }
}

test('S27 of two admins who take each other away at once, by whatever way, one stays; the other is told 409', async () => {
  const desks = await twoInstances()
  const [first] = desks
  const names = ['anna', 'ben'] as const
  for (const username of names) await first.given.user({ role: 'admin', username, password })
  const duel = duels(desks)
  const refusals: number[] = []
  for (let round = 0; round < 100; round += 1) {
    const { replies, left, ids, tokens } = await duel(round, names)
    expect(left, `round ${round}`).toHaveLength(1)
    const statuses = replies.map((reply) => reply.status)
    // Who is out by then may be told that in place of the conflict.
    expect(
      statuses.filter((status) => status < 300),
      `round ${round}: ${statuses}`,
    ).toHaveLength(1)
    refusals.push(...statuses.filter((status) => status >= 300))
    expect([401, 403, 409], `round ${round}: ${statuses}`).toContain(refusals.at(-1))
    const winner = ids.indexOf(left[0] ?? 0)
    const loser = { params: { id: ids[1 - winner] ?? 0 } }
    const call = first.as({ token: tokens[winner] ?? '' })
    expect((await call(enableUser, loser)).status).toBe(200)
    expect((await call(updateUser, { ...loser, body: { role: 'admin' } })).status).toBe(200)
  }
  expect(refusals).toContain(409)
}, 120_000)

test('control: without the lock that they wait for, both succeed, and nobody is left', async () => {
  const desks = await twoInstances()
  const [first] = desks
  const duel = duels(desks)
  const lock = vi.spyOn(repository.lockAdmins, 'all').mockResolvedValue([])
  let left = 1
  for (let round = 0; round < 50 && left > 0; round += 1) {
    const names = [`one-${round}`, `other-${round}`] as const
    for (const username of names) await first.given.user({ role: 'admin', username, password })
    left = (await duel(0, names)).left.length
    if (left > 0) await first.rows(`update users set role = 'customer' where status = 'active'`)
  }
  lock.mockRestore()
  expect(left).toBe(0)
  // This desk has seen what must never be.
  await first.rows(`truncate users cascade`)
}, 60_000)

test('the last active admin is neither disabled nor demoted, whoever else is called an admin', async () => {
  const desk = await openTestDesk()
  const { as, given, rows } = desk
  const last = await given.user({ role: 'admin', password })
  // Has a token, and could not sign in.
  const without = await given.admin()
  const away = await given.user({ role: 'admin', password })
  const params = { id: last.id }
  expect((await as(without)(disableUser, { params: { id: away.id } })).status).toBe(204)
  for (const reply of [
    await as(without)(disableUser, { params }),
    await as(without)(updateUser, { params, body: { role: 'operator' } }),
  ]) {
    expect(reply.problem).toMatchObject({ status: 409, type: 'urn:frontdesk:problem:last_admin' })
  }
  expect((await as(without)(getUser, { params })).body).toMatchObject({ role: 'admin', status: 'active' })
  expect(
    await rows(`select from audit_events where record_id = $1 and action <> 'user.created'`, [last.id]),
  ).toEqual([])
})

test('S07 a user who is disabled is out everywhere within a second: tokens, sessions, open streams, on every instance', async () => {
  const desks = await twoInstances()
  const [first] = desks
  const admin = await first.given.user({ role: 'admin', password })
  const user = await first.given.user({ role: 'operator', password })
  const browser = await signInBrowser(first, { username: user.username, password })
  const streams = await Promise.all(desks.map((desk) => openStream(desk.url, { token: user.token })))
  const browsers = await Promise.all(
    desks.map((desk) => signInBrowser(desk, { username: user.username, password })),
  )
  const ways = [
    ...desks.map((desk) => () => desk.as(user)(getMe, {})),
    ...browsers.map(
      ({ call }) =>
        () =>
          call(getMe, {}),
    ),
    () => browser.call(listMySessions, {}),
  ]
  for (const way of ways) expect((await way()).status).toBe(200)
  expect(streams.map((stream) => [stream.status, stream.isOpen])).toEqual([
    [200, true],
    [200, true],
  ])

  expect((await first.as(admin)(disableUser, { params: { id: user.id } })).status).toBe(204)
  const began = performance.now()
  await expect
    .poll(
      async () => [
        ...(await Promise.all(ways.map(async (way) => (await way()).status))),
        ...streams.map((stream) => stream.isOpen),
      ],
      { timeout: 1_000, interval: 10 },
    )
    .toEqual([401, 401, 401, 401, 401, false, false])
  expect(performance.now() - began).toBeLessThan(1_000)
  expect(
    await first.rows(
      `select from tokens where user_id = $1 and revoked_at is null
       union all select from sessions where user_id = $1 and revoked_at is null`,
      [user.id],
    ),
  ).toEqual([])
})

test('S07 a user who is demoted does no more than their new role may, within a second, on every instance', async () => {
  const desks = await twoInstances()
  const [first] = desks
  const admin = await first.given.user({ role: 'admin', password })
  const user = await first.given.user({ role: 'admin', password })
  const asked = () =>
    Promise.all(
      desks.map(async (desk) => (await desk.as(user)(getUser, { params: { id: admin.id } })).status),
    )
  const stream = await openStream(first.url, { token: user.token })
  expect(await asked()).toEqual([200, 200])
  await first.as(admin)(updateUser, { params: { id: user.id }, body: { role: 'customer' } })
  await expect.poll(asked, { timeout: 1_000, interval: 10 }).toEqual([403, 403])
  await expect.poll(() => stream.isOpen, { timeout: 1_000 }).toBe(false)
})

test('calls at one user, with and without a version that they expect, wait for each other and never in a circle', async () => {
  const desks = await twoInstances()
  const [first, second] = desks
  const admin = await first.given.user({ role: 'admin', password })
  const statuses = new Set<number>()
  for (let round = 0; round < 30; round += 1) {
    const { id } = await first.given.user({ role: 'admin', password })
    const params = { id }
    const match = { 'if-match': '"1"' }
    const replies = await Promise.all([
      first.as(admin)(disableUser, { params }, match),
      second.as(admin)(disableUser, { params }),
      first.as(admin)(updateUser, { params, body: { role: 'operator' } }),
      second.as(admin)(updateUser, { params, body: { role: 'operator' } }, match),
    ])
    for (const { status } of replies) statuses.add(status)
  }
  expect([...statuses].filter((status) => ![200, 204, 412].includes(status))).toEqual([])
})
