// Where oidc-provider keeps what it makes (its Adapter). Of every id that is sent by somebody only the hash is kept; what belongs to
// it is sealed. A code or refresh token is used up by one conditional update, and a second use ends its whole family.
import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider'
import type { Context } from '../context.ts'
import { hashSecret } from '../credentials/secrets.ts'
import { auditing } from '../db/audit.ts'
import { isUnavailable } from '../db/database.ts'
import { arrivalOf } from './arrivals.ts'
import * as artifacts from './artifact-repository.ts'
import { findKnownClient } from './client-repository.ts'
import { metadataOf } from './client-metadata.ts'
import { endGrant, findGrant, insertGrant, type KnownGrant } from './grant-repository.ts'
import { scopesIn } from './scope-rules.ts'
import type { Sealing } from './sealing.ts'

type Find = Promise<AdapterPayload | undefined>

/** What the call that is being served is called in the logs. */
const requestId = () => {
  const { req } = Provider.ctx ?? {}
  return (req && arrivalOf(req)?.request_id) ?? 'oauth'
}

/** What the protocol itself ends, or a client by it. */
const byProtocol = () => auditing({ user_id: null, role: 'oauth', request_id: requestId() })

export function adapterOn({ config, db }: Context, sealing: Sealing): (name: string) => Adapter {
  const none = async () => undefined
  const nothing: Adapter = {
    upsert: () => Promise.reject(new Error('This is not kept')),
    find: none,
    findByUserCode: none,
    findByUid: none,
    consume: none,
    destroy: none,
    revokeByGrantId: none,
  }

  /** Without what would let somebody in who reads it: that is `id`, and known to who asks. */
  function opened(sealed: Buffer, known: object): AdapterPayload | undefined {
    const payload = sealing.open(sealed)
    return payload === undefined ? undefined : { ...(payload as AdapterPayload), ...known }
  }

  async function endFamily(grant_key: string): Promise<void> {
    await endGrant.all(db, { key: grant_key, ...byProtocol() })
  }

  const clients: Adapter = {
    ...nothing,
    async find(client_id) {
      if (!/^[a-z\d-]{8,64}$/.test(client_id)) return undefined
      const client = await findKnownClient.first(db, { client_id })
      return client && metadataOf(client, config)
    },
  }

  const grants: Adapter = {
    ...nothing,
    async upsert(key, { accountId, clientId, openid }, seconds) {
      const made = await insertGrant.first(db, {
        key,
        client_id: String(clientId),
        user_id: Number(accountId),
        password_hash: null,
        scopes: scopesIn((openid as { scope?: string } | undefined)?.scope),
        seconds: Number(seconds),
        ...auditing({ user_id: Number(accountId), role: 'client', request_id: requestId() }),
      })
      if (!made) throw new errors.InvalidGrant('the client or the account is gone')
    },
    async find(key): Find {
      const grant = await findGrant.first(db, { key })
      return grant && grantPayload(grant)
    },
    destroy: endFamily,
  }

  const tokens = (kind: artifacts.TokenKind): Adapter => ({
    ...nothing,
    async upsert(id, payload, seconds) {
      const { grantId, accountId, clientId, scope, userCode } = payload
      // A device's code is found again by what a person types, and then has to be known.
      const { jti: _, ...rest } = payload
      const kept = await artifacts.putToken.first(db, {
        kind,
        secret_hash: hashSecret(id),
        user_code_hash: userCode === undefined ? null : hashSecret(userCode),
        client_id: String(clientId),
        grant_key: grantId ?? null,
        user_id: accountId === undefined ? null : Number(accountId),
        scopes: scopesIn(scope),
        sealed: sealing.seal(kind === 'DeviceCode' ? payload : rest),
        seconds: Number(seconds),
      })
      if (!kept) throw new errors.InvalidGrant('the grant has ended')
    },
    async find(id): Find {
      const token = await artifacts.findToken.first(db, { kind, secret_hash: hashSecret(id) })
      return (
        token &&
        without(
          token.taken,
          opened(token.sealed, { jti: id, exp: token.exp, ...consumption(token.consumed) }),
        )
      )
    },
    async findByUserCode(userCode): Find {
      const token = await artifacts.findByUserCode.first(db, { user_code_hash: hashSecret(userCode) })
      return token && opened(token.sealed, { exp: token.exp, ...consumption(token.consumed) })
    },
    async consume(id) {
      const secret_hash = hashSecret(id)
      if (await artifacts.consumeToken.first(db, { kind, secret_hash })) return
      // Somebody else has used it in this very moment. Which of the two it was stolen by nobody can tell.
      const grant = await artifacts.findGrantKey.first(db, { secret_hash })
      if (grant) await endFamily(grant.key)
      throw new errors.InvalidGrant('already used')
    },
    async destroy(id) {
      await artifacts.revokeToken.all(db, { kind, secret_hash: hashSecret(id), ...byProtocol() })
    },
    // It is called for each kind of token at once, and all of them end with the grant.
    revokeByGrantId: kind === 'AccessToken' ? endFamily : none,
  })

  const browsers = (kind: artifacts.BrowserKind): Adapter => ({
    ...nothing,
    async upsert(id, payload, seconds) {
      const { jti: _, ...rest } = payload
      await artifacts.putBrowser.all(db, {
        kind,
        secret_hash: hashSecret(id),
        uid_hash: kind === 'Session' ? hashSecret(String(payload.uid)) : null,
        sealed: sealing.seal(rest),
        seconds: Number(seconds),
      })
    },
    async find(id): Find {
      const browser = await artifacts.findBrowser.first(db, { kind, secret_hash: hashSecret(id) })
      return browser && opened(browser.sealed, { jti: id })
    },
    async findByUid(uid): Find {
      const browser = await artifacts.findBrowserByUid.first(db, { uid_hash: hashSecret(uid) })
      return browser && opened(browser.sealed, {})
    },
    async destroy(id) {
      await artifacts.deleteBrowser.all(db, { kind, secret_hash: hashSecret(id) })
    },
  })

  const byName: Readonly<Record<string, Adapter>> = {
    Client: clients,
    Grant: grants,
    AccessToken: tokens('AccessToken'),
    AuthorizationCode: tokens('AuthorizationCode'),
    ClientCredentials: tokens('ClientCredentials'),
    DeviceCode: tokens('DeviceCode'),
    RefreshToken: tokens('RefreshToken'),
    Interaction: browsers('Interaction'),
    Session: browsers('Session'),
  }
  return (name) => available(byName[name] ?? nothing)
}

/** A database that does not answer is told as that, and not as a mistake of ours. */
function available(adapter: Adapter): Adapter {
  const guarded = Object.entries(adapter).map(
    ([name, method]: [string, (...given: never[]) => Promise<unknown>]) => [
      name,
      async (...given: never[]) => {
        try {
          return await method(...given)
        } catch (error) {
          throw isUnavailable(error) || isBusy(error) ? unavailable(error) : error
        }
      },
    ],
  )
  return Object.fromEntries(guarded) as Adapter
}

/** A lock or a statement that took too long. */
const isBusy = (error: unknown) =>
  error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '57014')

function unavailable(cause: unknown) {
  const error = new errors.CustomOIDCProviderError('temporarily_unavailable', 'try again in a moment')
  return Object.assign(error, { cause, status: 503, statusCode: 503 })
}

/** A token is good for what its client still has, and says no more of itself. */
function without(taken: readonly string[], payload: AdapterPayload | undefined): AdapterPayload | undefined {
  if (payload?.scope === undefined || taken.length === 0) return payload
  const left = scopesIn(payload.scope).filter((scope) => !taken.includes(scope))
  return { ...payload, scope: left.join(' ') }
}

const consumption = (consumed: number | null) => (consumed === null ? {} : { consumed })

/** A grant as oidc-provider knows it; it holds nothing that lets anybody in. */
function grantPayload({ key, client_id, user_id, scopes, iat, exp }: KnownGrant): AdapterPayload {
  return {
    kind: 'Grant',
    jti: key,
    clientId: client_id,
    accountId: String(user_id),
    openid: { scope: scopes.join(' ') },
    iat,
    exp,
  }
}
