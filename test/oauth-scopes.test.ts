// Scopes, at every endpoint there is: a client gets in with the one that the contract names, and with all others it does not.
import { expect, test } from 'vitest'
import { type Endpoint, requestFor, type Scope, scopeNames } from '../contract/index.ts'
import { hashSecret, newSecret } from '../server/credentials/secrets.ts'
import { openTestDesk } from './support/desk.ts'
import type { TestUser } from './support/given.ts'
import { registerClient } from './support/oauth.ts'
import { sendTo } from './support/send.ts'
import { callable, workingCall, workingCaller } from './support/working-calls.ts'

const desk = await openTestDesk()
const { record: client } = await registerClient(desk, { scopes: scopeNames })

/** As the protocol would have issued it. */
async function accessToken(user: TestUser, scopes: readonly Scope[]): Promise<string> {
  const token = newSecret('accessToken')
  await desk.rows(
    `with granted as (
       insert into oauth_grants (key, client_id, user_id, scopes, expires_at)
       values (gen_random_uuid()::text, $1, $2, $3, now() + interval '1 day') returning id
     )
     insert into oauth_tokens (kind, secret_hash, client_id, grant_id, user_id, scopes, sealed, expires_at)
     select 'AccessToken', $4, $1, granted.id, $2, $3, '', now() + interval '10 minutes' from granted`,
    [client.id, user.id, scopes, hashSecret(token)],
  )
  return token
}

async function answered(
  endpoint: Endpoint,
  user: TestUser,
  scopes: readonly Scope[],
): Promise<{ status: number; headers: Headers }> {
  const call = await workingCall(desk, endpoint, user)
  const { method, path, headers, body } = requestFor(endpoint, call as never)
  return sendTo(desk.url, {
    method,
    path,
    headers: {
      ...headers,
      ...(call.upload ? { 'content-type': call.upload.type } : {}),
      authorization: `Bearer ${await accessToken(user, scopes)}`,
    },
    body: call.upload ?? body,
  })
}

const named = (endpoint: Endpoint) => [endpoint.schema.operationId, endpoint] as const

test.each(callable.map(named))(
  '%s is not for a client without its scope, whatever else that has',
  async (_, endpoint) => {
    const { scope } = endpoint.config
    const others = scopeNames.filter((name) => name !== scope)
    const { status, headers } = await answered(endpoint, await workingCaller(desk, endpoint), others)
    expect(status).toBe(403)
    if (scope !== undefined)
      expect(headers.get('www-authenticate')).toMatch(
        new RegExp(`error="insufficient_scope".*scope="${scope}"`),
      )
  },
)

const scoped = callable.flatMap((endpoint) =>
  endpoint.config.scope === undefined ? [] : [[...named(endpoint), endpoint.config.scope] as const],
)

test.each(scoped)('%s is for a client with its scope alone', async (_, endpoint, scope) => {
  const { status } = await answered(endpoint, await workingCaller(desk, endpoint), [scope])
  expect(Object.keys(endpoint.schema.response)).toContain(String(status))
})
