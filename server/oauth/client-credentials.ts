// A client that acts on its own (OAuth 2.1, section 4.2): as its service user, with what it asks for of its scopes.
import { errors, type Provider } from 'oidc-provider'
import { scopeNames } from '../../contract/index.ts'
import { scopesIn } from './scope-rules.ts'

export function registerClientCredentials(provider: Provider) {
  provider.registerGrantType<{ scope?: string }>(
    'client_credentials',
    async (koa) => {
      const { client, params } = koa.oidc
      const own = scopesIn(client.scope).filter((scope) => (scopeNames as string[]).includes(scope))
      const asked = params.scope === undefined ? own : scopesIn(params.scope)
      const refused = asked.find((scope) => !own.includes(scope))
      if (refused !== undefined) throw new errors.InvalidScope('requested scope is not allowed', refused)
      const token = new provider.ClientCredentials({ client, scope: asked.join(' ') })
      koa.oidc.entity('ClientCredentials', token)
      const access_token = await token.save()
      koa.body = {
        access_token,
        expires_in: token.expiration,
        token_type: token.tokenType,
        scope: asked.join(' '),
      }
    },
    ['scope'],
  )
}
