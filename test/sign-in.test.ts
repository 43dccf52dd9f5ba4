import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import {
  changeMyPassword,
  createToken,
  getMe,
  listCustomers,
  listMyTokens,
  revokeMyToken,
  updateMe,
} from '../contract/index.ts'
import { hashPassword } from '../server/credentials/password-hashing.ts'
import { hashSecret } from '../server/credentials/secrets.ts'
import { openTestDesk } from './support/desk.ts'

const desk = await openTestDesk()
const { anonymous, as, given, rows } = desk
const password = 'keep-yourself-warm'

const signIn = (username: string, secret: string) =>
  anonymous(createToken, { body: { username, password: secret } })

test('a password buys a token that works, is kept only as a hash, and ends by itself', async () => {
  const user = await given.user({ role: 'operator', username: 'Jennie', password })
  const answer = await signIn('jennie', password)

  expect(answer.status).toBe(200)
  const { token } = answer.body
  expect(token).toMatch(/^fdt_[\w-]{43}$/)
  expect((await as({ token })(getMe, {})).body).toMatchObject({
    id: user.id,
    username: 'Jennie',
    role: 'operator',
  })
  const [kept] = await rows(
    `select *, expires_at - now() > interval '29 days' as long from tokens where secret_hash = $1`,
    [hashSecret(token)],
  )
  expect(kept).toMatchObject({ user_id: user.id, long: true })
  expect(JSON.stringify(await rows('select * from tokens, audit_events'))).not.toContain(token.slice(4))
})

test('Authorization says Bearer or Token, in any case; anything else is 401', async () => {
  const { token } = await given.operator()
  const status = async (authorization: string) => (await anonymous(getMe, {}, { authorization })).status

  for (const good of [`Bearer ${token}`, `Token ${token}`, `bearer ${token}`, `TOKEN  ${token}`])
    expect(await status(good), good).toBe(200)
  for (const bad of [
    token,
    `Basic ${token}`,
    `Bearer ${token}x`,
    'Bearer',
    `Bearer ${token} ${token}`,
    'Bearer \u00e4',
  ]) {
    expect(await status(bad), bad).toBe(401)
  }
})

test('unknown name, wrong password, disabled account and colleague without a login get one and the same answer', async () => {
  await given.user({ username: 'known', password })
  const disabled = await given.user({ username: 'disabled', password })
  await rows('update users set disabled_at = now() where id = $1', [disabled.id])
  await given.user({ username: 'no-login' })

  const answers = await Promise.all([
    signIn('nobody', password),
    signIn('known', 'wrong'),
    signIn('disabled', password),
    signIn('no-login', ''.padEnd(1)),
  ])
  const shown = answers.map(({ status, problem: { request_id: _, ...rest }, headers }) => ({
    status,
    rest,
    challenge: headers.get('www-authenticate'),
  }))
  expect(new Set(shown.map((one) => JSON.stringify(one))).size).toBe(1)
  expect(shown[0]).toMatchObject({
    status: 401,
    rest: { type: 'urn:frontdesk:problem:wrong_credentials' },
    challenge: 'Bearer realm="frontdesk"',
  })
})

test('the role decides what may be called at all', async () => {
  const customer = await given.user({ role: 'customer' })
  expect((await as(customer)(listCustomers, {})).problem).toMatchObject({
    status: 403,
    type: 'urn:frontdesk:problem:forbidden',
  })
  expect((await anonymous(listCustomers, {})).status).toBe(401)
})

test('my name is mine to change, my role is not', async () => {
  const user = await given.user({ role: 'operator' })
  expect((await as(user)(updateMe, { body: { first_name: ' Jennie ' } })).body).toMatchObject({
    first_name: 'Jennie',
    last_name: 'User',
    version: 2,
  })
  const wishes = [
    { role: 'admin' },
    { is_admin: true },
    { disabled_at: null },
    { username: 'root' },
    { first_name: 'x', role: 'admin' },
  ]
  for (const body of wishes) {
    expect((await as(user)(updateMe, { body })).status).toBe(422)
  }
  expect((await as(user)(getMe, {})).body).toMatchObject({ role: 'operator', version: 2 })
})

test('a new password ends my other tokens, keeps this one, and asks for the old one', async () => {
  const user = await given.user({ username: 'changer', password })
  const other = (await signIn('changer', password)).body
  const change = (body: { current_password: string; new_password: string }) =>
    as(user)(changeMyPassword, { body })

  expect(
    (await change({ current_password: 'wrong', new_password: 'a longer password' })).problem.errors,
  ).toMatchObject([{ pointer: '/current_password' }])
  for (const weak of ['short', 'password1', 'Changer', 'iloveyou1']) {
    expect(
      (await change({ current_password: password, new_password: weak })).problem.errors,
      weak,
    ).toMatchObject([{ pointer: '/new_password' }])
  }
  expect((await as(other)(getMe, {})).status).toBe(200)

  expect((await change({ current_password: password, new_password: '12345aaa' })).status).toBe(204)
  await expect.poll(async () => (await as(other)(getMe, {})).status, { timeout: 1_000 }).toBe(401)
  expect((await as(user)(getMe, {})).status).toBe(200)
  expect((await signIn('changer', password)).status).toBe(401)
  expect((await signIn('changer', '12345aaa')).status).toBe(200)
})

test('no token bought with the old password outlives it, however close the two come', async () => {
  // The real cost of hashing, or there would be no time to slip in between.
  const user = await given.user({ username: 'racer', passwordHash: await hashPassword(password) })
  let current = password
  for (let round = 0; round < 4; round += 1) {
    const next = `keep-yourself-warm-${round}`
    const change = as(user)(changeMyPassword, { body: { current_password: current, new_password: next } })
    const tries = [signIn('racer', current)]
    // One after the other for as long as it takes, so that some are between their check and their token when it commits.
    for (let open = true; open; open = await Promise.race([change.then(() => false), pause(4, true)])) {
      tries.push(signIn('racer', current))
    }
    expect((await change).status).toBe(204)
    const bought = await Promise.all(tries)
    current = next
    for (const { status, body } of bought) {
      if (status === 200)
        await expect.poll(async () => (await as(body)(getMe, {})).status, { timeout: 1_000 }).toBe(401)
    }
  }
})

test('an unknown name takes as long as a wrong password', async () => {
  await given.user({ username: 'timed', passwordHash: await hashPassword(password) })
  const times = { timed: [] as number[], nobody: [] as number[] }
  for (let round = 0; round < 15; round += 1) {
    for (const username of ['timed', 'nobody'] as const) {
      const began = performance.now()
      await signIn(username, 'wrong')
      times[username].push(performance.now() - began)
    }
  }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
  // Without a hash it would be a tenth; between a half and the double is the noise of a busy machine.
  expect(median(times.nobody) / median(times.timed)).toBeGreaterThan(0.5)
  expect(median(times.nobody) / median(times.timed)).toBeLessThan(2)
})

test('two password changes at once: the one that comes second is told that its old password is old', async () => {
  const user = await given.user({ username: 'twice', password })
  const answers = await Promise.all(
    ['first new one', 'other new one'].map((new_password) =>
      as(user)(changeMyPassword, { body: { current_password: password, new_password } }),
    ),
  )
  expect(answers.map((answer) => answer.status).sort()).toEqual([204, 422])
})

test('I see the tokens of mine that work, and can end each; nobody sees or ends those of others', async () => {
  const user = await given.user({ username: 'tokens', password })
  const second = (await signIn('tokens', password)).body
  const stranger = await given.admin()
  const mine = await as(second)(listMyTokens, {})

  expect(mine.body.results.map((token) => token.current)).toEqual([true, false])
  expect(JSON.stringify(mine.body)).not.toMatch(/secret|hash|fdt_/)
  const id = mine.body.results[1]?.id ?? 0
  expect((await as(stranger)(revokeMyToken, { params: { id } })).status).toBe(404)
  expect((await as(second)(revokeMyToken, { params: { id } })).status).toBe(204)
  expect((await as(second)(revokeMyToken, { params: { id } })).status).toBe(404)
  await expect.poll(async () => (await as(user)(getMe, {})).status, { timeout: 1_000 }).toBe(401)
  expect((await as(second)(listMyTokens, {})).body.count).toBe(1)
})

test('a token stops at its end, although it is remembered', async () => {
  const user = await given.operator()
  await rows(`alter table tokens disable trigger tokens_access_changed`)
  await rows(`update tokens set expires_at = now() + interval '10 seconds' where user_id = $1`, [user.id])
  expect((await as(user)(getMe, {})).status).toBe(200)
  await rows(`update tokens set expires_at = now() where user_id = $1`, [user.id])
  desk.advance(9_000)
  expect((await as(user)(getMe, {})).status, 'remembered').toBe(200)
  desk.advance(1_100)
  expect((await as(user)(getMe, {})).status).toBe(401)
  await rows(`alter table tokens enable trigger tokens_access_changed`)
})

test('sixty sign-ins at once are all answered', async () => {
  await given.user({ username: 'popular', password })
  const answers = await Promise.all(Array.from({ length: 60 }, () => signIn('popular', password)))
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]))
})
