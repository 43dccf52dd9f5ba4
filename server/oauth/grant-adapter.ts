// Grants as oidc-provider keeps them: each is one sign-in with a client, and the family of all tokens that come from it.
import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider'
import { auditing } from '../db/audit.ts'
import type { Database } from '../db/database.ts'
import { arrivalOf } from './arrivals.ts'
import { endGrant, findGrant, insertGrant, type KnownGrant } from './grant-repository.ts'
import { keepsNothing } from './keeps-nothing.ts'
import { scopesIn } from './scope-rules.ts'

/** What the call that is being served is called in the logs. */
const requestId = () => {
  const { req } = Provider.ctx ?? {}
  return (req && arrivalOf(req)?.request_id) ?? 'oauth'
}

/** What the protocol itself ends, or a client by it. */
export const byProtocol = () => auditing({ user_id: null, role: 'oauth', request_id: requestId() })

export async function endFamily(db: Database, grant_key: string): Promise<void> {
  await endGrant.all(db, { key: grant_key, ...byProtocol() })
}

export const grantAdapter = (db: Database): Adapter => ({
  ...keepsNothing,
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
  async find(key) {
    const grant = await findGrant.first(db, { key })
    return grant && grantPayload(grant)
  },
  destroy: (key) => endFamily(db, key),
})

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
