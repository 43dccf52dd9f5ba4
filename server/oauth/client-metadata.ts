// A client as oidc-provider knows it (OpenID Connect Dynamic Client Registration 1.0, section 2).
import type { AdapterPayload } from 'oidc-provider'
import type { Config } from '../config.ts'
import type { KnownClient } from './client-repository.ts'
import { isNative, scopesOf } from './client-rules.ts'

/** In place of the secret its hash, which is compared by compareClientSecret in provider.ts and opens nothing. */
export function metadataOf(
  client: KnownClient,
  { oauthPasswordGrant }: Pick<Config, 'oauthPasswordGrant'>,
): AdapterPayload {
  const { client_id, secret_hash, name, grant_types, redirect_uris } = client
  return {
    client_id,
    client_name: name,
    application_type: isNative({ confidential: secret_hash !== null, redirect_uris }) ? 'native' : 'web',
    // One that the configuration has switched off since is known to nobody.
    grant_types: grant_types.filter((type) => type !== 'password' || oauthPasswordGrant),
    redirect_uris: [...redirect_uris],
    response_modes: ['query'],
    response_types: grant_types.includes('authorization_code') ? ['code'] : [],
    scope: scopesOf(client).join(' '),
    ...(secret_hash === null
      ? { token_endpoint_auth_method: 'none' }
      : { token_endpoint_auth_method: 'client_secret_basic', client_secret: secret_hash.toString('base64') }),
    first_party: client.first_party,
  }
}
