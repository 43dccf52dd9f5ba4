// Where oidc-provider keeps what it makes (its Adapter), by the names that it has for it.
import { type Adapter, errors } from 'oidc-provider'
import type { Context } from '../context.ts'
import { isUnavailable } from '../db/database.ts'
import { browserAdapter, tokenAdapter } from './artifact-adapters.ts'
import { metadataOf } from './client-metadata.ts'
import { findKnownClient } from './client-repository.ts'
import { grantAdapter } from './grant-adapter.ts'
import { keepsNothing } from './keeps-nothing.ts'
import type { Sealing } from './sealing.ts'

export function adapterOn({ config, db }: Context, sealing: Sealing): (name: string) => Adapter {
  const keeping = { db, sealing }
  const byName: Readonly<Record<string, Adapter>> = {
    Client: clientAdapter({ config, db }),
    Grant: grantAdapter(db),
    AccessToken: tokenAdapter(keeping, 'AccessToken'),
    AuthorizationCode: tokenAdapter(keeping, 'AuthorizationCode'),
    ClientCredentials: tokenAdapter(keeping, 'ClientCredentials'),
    DeviceCode: tokenAdapter(keeping, 'DeviceCode'),
    RefreshToken: tokenAdapter(keeping, 'RefreshToken'),
    Interaction: browserAdapter(keeping, 'Interaction'),
    Session: browserAdapter(keeping, 'Session'),
  }
  return (name) => available(byName[name] ?? keepsNothing)
}

const clientAdapter = ({ config, db }: Pick<Context, 'config' | 'db'>): Adapter => ({
  ...keepsNothing,
  async find(client_id) {
    if (!/^[a-z\d-]{8,64}$/.test(client_id)) return undefined
    const client = await findKnownClient.first(db, { client_id })
    return client && metadataOf(client, config)
  },
})

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
