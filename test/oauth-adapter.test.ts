// What oidc-provider is promised by where it keeps things (its Adapter), beside what comes of it in an authorization.
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { adapterOn } from '../server/oauth/adapter.ts'
import { sealingOf } from '../server/oauth/sealing.ts'
import { openTestDesk, secretKey } from './support/desk.ts'
import { registerClient } from './support/oauth.ts'

const desk = await openTestDesk()
const { given, rows } = desk
const sealing = sealingOf(secretKey)
const adapter = (name: string) => adapterOn(desk.ctx, sealing)(name)
const { client_id: clientId } = (await registerClient(desk)).record
const user = await given.operator()
const accountId = String(user.id)
const minute = 60

async function newGrant() {
  const key = randomUUID()
  await adapter('Grant').upsert(key, { accountId, clientId, openid: { scope: 'customers:read' } }, minute)
  return key
}

async function newToken(kind: string, grantId?: string, more: object = {}) {
  const jti = randomUUID()
  const payload = { jti, kind, accountId, clientId, scope: 'customers:read', ...more }
  await adapter(kind).upsert(jti, { ...payload, ...(grantId ? { grantId } : {}) }, minute)
  return jti
}

/** What is in the database, as whoever has SECRET_KEY reads it. */
async function lastSealed() {
  const [row] = await rows<{ sealed: Buffer }>('select sealed from oauth_tokens order by id desc limit 1')
  return row && (sealing.open(row.sealed) as Record<string, unknown>)
}

const isWorking = async (key: string) => (await adapter('Grant').find(key)) !== undefined

describe('a grant', () => {
  test('is found with its scopes, and written down under whose it is and which call it was', async () => {
    const key = await newGrant()
    expect(await adapter('Grant').find(key)).toEqual({
      kind: 'Grant',
      jti: key,
      clientId,
      accountId,
      openid: { scope: 'customers:read' },
      iat: expect.any(Number),
      exp: expect.any(Number),
    })
    await adapter('Grant').destroy(key)
    expect(await isWorking(key)).toBe(false)
    const written = await rows(
      `select action, actor_id::int, actor_role, request_id from audit_events where record_type = 'grant' order by id`,
    )
    expect(written).toEqual([
      { action: 'grant.created', actor_id: user.id, actor_role: 'client', request_id: 'oauth' },
      { action: 'grant.revoked', actor_id: null, actor_role: 'oauth', request_id: 'oauth' },
    ])
  })

  test('may allow nothing of the API', async () => {
    const key = randomUUID()
    await adapter('Grant').upsert(key, { accountId, clientId }, minute)
    expect(await adapter('Grant').find(key)).toMatchObject({ openid: { scope: '' } })
  })

  test.each([
    ['a client that is gone', { clientId: 'nobody', accountId }],
    ['an account that is gone', { clientId, accountId: '999999' }],
  ])('is not made for %s', async (_, of) => {
    await expect(adapter('Grant').upsert(randomUUID(), of, minute)).rejects.toMatchObject({
      error: 'invalid_grant',
      error_detail: 'the client or the account is gone',
    })
  })

  test('ends with what came from it where its access token is revoked, which tells once for all kinds', async () => {
    const key = await newGrant()
    await adapter('RefreshToken').revokeByGrantId(key)
    expect(await isWorking(key)).toBe(true)
    await adapter('AccessToken').revokeByGrantId(key)
    expect(await isWorking(key)).toBe(false)
  })
})

describe('a token', () => {
  test('is not made from a grant that has ended', async () => {
    const key = await newGrant()
    await adapter('Grant').destroy(key)
    await expect(newToken('RefreshToken', key)).rejects.toMatchObject({
      error: 'invalid_grant',
      error_detail: 'the grant has ended',
    })
  })

  test('is told to be used once it was; a second use ends its grant', async () => {
    const key = await newGrant()
    const id = await newToken('RefreshToken', key)
    expect(await adapter('RefreshToken').find(id)).not.toHaveProperty('consumed')
    await adapter('RefreshToken').consume(id)
    expect(await adapter('RefreshToken').find(id)).toMatchObject({ jti: id, consumed: expect.any(Number) })
    await expect(adapter('RefreshToken').consume(id)).rejects.toMatchObject({
      error: 'invalid_grant',
      error_detail: 'already used',
    })
    expect(await isWorking(key)).toBe(false)
  })

  test('without a grant is used once, too', async () => {
    const id = await newToken('AuthorizationCode')
    await adapter('AuthorizationCode').consume(id)
    await expect(adapter('AuthorizationCode').consume(id)).rejects.toMatchObject({
      error_detail: 'already used',
    })
  })

  test('does not stand in what is sealed, but a device’s code, which is found by what a person types', async () => {
    await newToken('AccessToken')
    expect(await lastSealed()).not.toHaveProperty('jti')
    const userCode = randomUUID()
    const id = await newToken('DeviceCode', undefined, { userCode, accountId: undefined })
    expect(await lastSealed()).toHaveProperty('jti', id)
    expect(await adapter('DeviceCode').findByUserCode(userCode)).toMatchObject({ jti: id, userCode })
  })

  test('that was sealed with another SECRET_KEY is not there', async () => {
    const id = await newToken('AccessToken')
    expect(await adapter('AccessToken').find(id)).toMatchObject({ jti: id, clientId })
    const other = adapterOn(desk.ctx, sealingOf(`${secretKey}!`))
    expect(await other('AccessToken').find(id)).toBeUndefined()
  })
})

test('what is not kept is refused, and never there', async () => {
  const unkept = adapter('PushedAuthorizationRequest')
  await expect(unkept.upsert('a', {}, minute)).rejects.toThrow('This is not kept')
  const found = await Promise.all([
    unkept.find('a'),
    unkept.findByUid('a'),
    unkept.findByUserCode('a'),
    unkept.consume('a'),
    unkept.destroy('a'),
    unkept.revokeByGrantId('a'),
  ])
  expect(found).toEqual(Array(6).fill(undefined))
})

describe('a record that somebody else holds', async () => {
  const busy = {
    error: 'temporarily_unavailable',
    error_description: 'try again in a moment',
    status: 503,
    statusCode: 503,
  }
  const id = await newToken('AccessToken')

  async function whatReadingSays(meanwhile: () => Promise<unknown>): Promise<unknown> {
    const holder = await desk.pool.connect()
    try {
      await holder.query('begin')
      await holder.query('lock table oauth_tokens in access exclusive mode')
      const [said] = await Promise.all([
        adapter('AccessToken')
          .find(id)
          .catch((error: unknown) => error),
        meanwhile(),
      ])
      return said
    } finally {
      await holder.query('rollback')
      holder.release()
    }
  }

  test('for too long is told to come back', async () => {
    expect(await whatReadingSays(async () => undefined)).toMatchObject(busy)
  })

  test('so that the statement is canceled, too', async () => {
    const cancel = async () => {
      const waiting = `select pg_cancel_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`
      await expect.poll(() => rows(waiting)).toHaveLength(1)
    }
    expect(await whatReadingSays(cancel)).toMatchObject(busy)
  })
})
