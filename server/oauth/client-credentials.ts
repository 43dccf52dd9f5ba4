// A client that acts on its own (OAuth 2.1, section 4.2): as its service user, with what it asks for of its scopes.
import type { Provider } from 'oidc-provider'
import { scopeNames } from '../../contract/index.ts'
import { askedScopes } from './asked-scopes.ts'
import { scopesIn } from './scope-rules.ts'

export function registerClientCredentials(provider: Provider) {
  provider.registerGrantType<{ scope?: string }>(
    'client_credentials',
    async (koa) => {
      const { client, params } = koa.oidc
      const own = scopesIn(client.scope).filter((scope) => (scopeNames as string[]).includes(scope))
      const scope = askedScopes(params.scope, own).join(' ')
      const token = new provider.ClientCredentials({ client, scope })
      koa.oidc.entity('ClientCredentials', token)
      const access_token = await token.save()
      koa.body = {
        access_token,
        expires_in: token.expiration,
        token_type: token.tokenType,
        scope,
      }
    },
    ['scope'],
  )
}
