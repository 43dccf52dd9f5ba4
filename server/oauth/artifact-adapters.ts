// Codes, tokens, and browsers on their way, as oidc-provider keeps them. Of every id that is sent by somebody only the hash is kept;
// what belongs to it is sealed. A code or refresh token is used up by one conditional update, and a second use ends its whole family.
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import { hashSecret } from '../credentials/secrets.ts'
import type { Database } from '../db/database.ts'
import * as artifacts from './artifact-repository.ts'
import { byProtocol, endFamily } from './grant-adapter.ts'
import { keepsNothing, none } from './keeps-nothing.ts'
import { scopesIn } from './scope-rules.ts'
import type { Sealing } from './sealing.ts'

interface Keeping {
  readonly db: Database
  readonly sealing: Sealing
}

export const tokenAdapter = ({ db, sealing }: Keeping, kind: artifacts.TokenKind): Adapter => ({
  ...keepsNothing,
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
  async find(id) {
    const token = await artifacts.findToken.first(db, { kind, secret_hash: hashSecret(id) })
    return (
      token &&
      without(
        token.taken,
        opened(sealing, token.sealed, { jti: id, exp: token.exp, ...consumption(token.consumed) }),
      )
    )
  },
  async findByUserCode(userCode) {
    const token = await artifacts.findByUserCode.first(db, { user_code_hash: hashSecret(userCode) })
    return token && opened(sealing, token.sealed, { exp: token.exp, ...consumption(token.consumed) })
  },
  async consume(id) {
    const secret_hash = hashSecret(id)
    if (await artifacts.consumeToken.first(db, { kind, secret_hash })) return
    // Somebody else has used it in this very moment. Which of the two it was stolen by nobody can tell.
    const grant = await artifacts.findGrantKey.first(db, { secret_hash })
    if (grant) await endFamily(db, grant.key)
    throw new errors.InvalidGrant('already used')
  },
  async destroy(id) {
    await artifacts.revokeToken.all(db, { kind, secret_hash: hashSecret(id), ...byProtocol() })
  },
  // It is called for each kind of token at once, and all of them end with the grant.
  revokeByGrantId: kind === 'AccessToken' ? (key) => endFamily(db, key) : none,
})

export const browserAdapter = ({ db, sealing }: Keeping, kind: artifacts.BrowserKind): Adapter => ({
  ...keepsNothing,
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
  async find(id) {
    const browser = await artifacts.findBrowser.first(db, { kind, secret_hash: hashSecret(id) })
    return browser && opened(sealing, browser.sealed, { jti: id })
  },
  async findByUid(uid) {
    const browser = await artifacts.findBrowserByUid.first(db, { uid_hash: hashSecret(uid) })
    return browser && opened(sealing, browser.sealed, {})
  },
  async destroy(id) {
    await artifacts.deleteBrowser.all(db, { kind, secret_hash: hashSecret(id) })
  },
})

/** Without what would let somebody in who reads it: that is `id`, and known to who asks. */
function opened(sealing: Sealing, sealed: Buffer, known: object): AdapterPayload | undefined {
  const payload = sealing.open(sealed)
  return payload === undefined ? undefined : { ...(payload as AdapterPayload), ...known }
}

/** A token is good for what its client still has, and says no more of itself. */
function without(taken: readonly string[], payload: AdapterPayload | undefined): AdapterPayload | undefined {
  if (payload?.scope === undefined || taken.length === 0) return payload
  const left = scopesIn(payload.scope).filter((scope) => !taken.includes(scope))
  return { ...payload, scope: left.join(' ') }
}

const consumption = (consumed: number | null) => (consumed === null ? {} : { consumed })
