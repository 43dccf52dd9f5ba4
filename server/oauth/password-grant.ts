// Trading a password for tokens (RFC 6749, section 4.3): not part of OAuth 2.1, and here only for our own programs, where
// OAUTH_PASSWORD_GRANT=on. Held to the same limits as signing in.
import { randomBytes } from 'node:crypto'
import { errors, type Provider } from 'oidc-provider'
import { Value } from 'typebox/value'
import { createToken } from '../../contract/index.ts'
import { checkCredentials } from '../auth/index.ts'
import type { Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import { AppError } from '../errors.ts'
import { arrivalOf } from './arrivals.ts'
import { askedScopes } from './asked-scopes.ts'
import { insertGrant } from './grant-repository.ts'
import { lifetimes } from './lifetimes.ts'
import { scopesIn } from './scope-rules.ts'

interface Params {
  readonly username?: string
  readonly password?: string
  readonly scope?: string
}

export function registerPasswordGrant(provider: Provider, ctx: Context) {
  provider.registerGrantType<Params>(
    'password',
    async (koa) => {
      const { client, params } = koa.oidc
      if (!client['first_party']) throw new errors.UnauthorizedClient('only first-party clients may')
      const { username, password } = params
      if (!username || !password) throw new errors.InvalidRequest('username and password are needed')
      // As short and as clean as signing in asks for: nobody has another one.
      if (!Value.Check(createToken.schema.body, { username, password }))
        throw new errors.InvalidGrant('username or password is wrong')
      const scopes = askedScopes(params.scope, scopesIn(client.scope))

      const { address = '', request_id = '', tell = () => {} } = arrivalOf(koa.req) ?? {}
      const user = await checkCredentials(ctx, { username, password }, { address, tell }).catch(
        (error: unknown) => asOAuthError(koa, error),
      )
      const grantId = randomBytes(32).toString('base64url')
      const granted = await insertGrant.first(ctx.db, {
        key: grantId,
        client_id: client.clientId,
        user_id: user.user_id,
        password_hash: user.password_hash,
        scopes,
        seconds: lifetimes.grant,
        ...auditing({ user_id: user.user_id, role: user.role, request_id }),
      })
      if (!granted) throw new errors.InvalidGrant('username or password is wrong')

      const issued = {
        accountId: String(user.user_id),
        client,
        grantId,
        scope: scopes.join(' '),
        gty: 'password',
      }
      const access = new provider.AccessToken(issued)
      const access_token = await access.save()
      const refresh_token = client.grantTypeAllowed('refresh_token')
        ? await new provider.RefreshToken(issued).save()
        : undefined
      koa.body = {
        access_token,
        expires_in: access.expiration,
        refresh_token,
        token_type: access.tokenType,
        scope: issued.scope,
      }
    },
    ['username', 'password', 'scope'],
  )
}

/** A wrong password and too many tries, in the words of OAuth. */
function asOAuthError(koa: { set(headers: Record<string, string>): void }, error: unknown): never {
  if (!(error instanceof AppError)) throw error
  if (error.status === 401) throw new errors.InvalidGrant('username or password is wrong')
  if (error.status !== 429) throw error
  koa.set({ ...error.headers })
  const tooMany = new errors.CustomOIDCProviderError('slow_down', error.message)
  throw Object.assign(tooMany, { status: 429, statusCode: 429 })
}
