// The protocol itself (oidc-provider), as this house wants it: OAuth 2.1 with PKCE and rotating refresh tokens, OpenID Connect for
// who signed in, opaque tokens, and nothing that is not needed.
import { timingSafeEqual } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import { type Configuration, errors, type JWK, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { scopeNames, signInScopes } from '../../contract/index.ts'
import type { Context } from '../context.ts'
import { hashSecret, secretPrefixes } from '../credentials/secrets.ts'
import { adapterOn } from './adapter.ts'
import { registerClientCredentials } from './client-credentials.ts'
import type { CookieSigning } from './cookie-signing.ts'
import { deviceFlow } from './device-flow.ts'
import { accountOf, grantFor, policyOf } from './people.ts'
import { showFailure, showProblem } from './koa-pages.ts'
import { lifetimes } from './lifetimes.ts'
import { registerPasswordGrant } from './password-grant.ts'
import { interactionUrl, routes, sessionCookieName } from './protocol-urls.ts'
import { isRegistered } from './redirect-uri-rules.ts'
import type { Sealing } from './sealing.ts'

interface Made {
  readonly ctx: Context
  readonly sealing: Sealing
  /** The first of them signs. */
  readonly keys: readonly JWK[]
  readonly cookieSigning: CookieSigning
}

/** The keys are the provider's for good: when they change, another one takes its place. All it knows is in the database. */
export function providerWith(made: Made): Provider {
  const { ctx } = made
  const provider = new Provider(ctx.config.publicUrl, configuration(made))
  // Whoever calls it has set the headers that this believes, from PUBLIC_URL (protocol-routes.ts).
  provider.proxy = true
  provider.use(async (koa, next) => {
    try {
      await next()
    } catch (error) {
      if (!showFailure(koa as KoaContextWithOIDC, error))
        ctx.log.error({ err: error, request_id: koa.res.getHeader('x-request-id') }, 'unexpected error')
    }
    if ((koa as KoaContextWithOIDC).oidc?.route === 'discovery')
      Object.assign(koa.body as object, { response_modes_supported: ['query'] })
  })
  compareByRules(provider)
  markSecrets(provider)
  registerClientCredentials(provider)
  if (ctx.config.oauthPasswordGrant) registerPasswordGrant(provider, ctx)
  provider.on('server_error', (koa, error) =>
    ctx.log.error({ err: error, request_id: koa.res.getHeader('x-request-id') }, 'unexpected error'),
  )
  const koa: EventEmitter = provider
  koa.on('error', (error: unknown) => ctx.log.error({ err: error }, 'unexpected error'))
  return provider
}

function configuration({ ctx, sealing, keys, cookieSigning }: Made): Configuration {
  const cookie = { path: '/oauth', httpOnly: true, sameSite: 'lax', signed: true } as const
  return {
    adapter: adapterOn(ctx, sealing),
    jwks: { keys },
    routes,
    scopes: [...Object.keys(signInScopes), ...scopeNames],
    claims: {
      openid: ['sub'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    enabledJWA: { idTokenSigningAlgValues: ['RS256'], userinfoSigningAlgValues: ['RS256'] },
    extraClientMetadata: { properties: ['first_party'] },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    clockTolerance: 5,
    cookies: {
      keys: cookieSigning as never,
      names: {
        session: sessionCookieName,
        interaction: 'frontdesk_oauth_interaction',
        resume: 'frontdesk_oauth_resume',
      },
      long: cookie,
      short: { httpOnly: true, sameSite: 'lax', signed: true },
    },
    ttl: {
      AccessToken: lifetimes.accessToken,
      AuthorizationCode: lifetimes.authorizationCode,
      ClientCredentials: lifetimes.accessToken,
      DeviceCode: lifetimes.deviceCode,
      Grant: lifetimes.grant,
      IdToken: lifetimes.idToken,
      Interaction: lifetimes.interaction,
      Session: lifetimes.interaction,
      RefreshToken: (_koa, token) =>
        Math.max(1, Math.min(lifetimes.refreshTokenIdle, lifetimes.grant - token.totalLifetime())),
    },
    // Ours to say, and not the browser's: a grant ends with the account, the client, or by the user's own hand.
    expiresWithSession: () => false,
    issueRefreshToken: (_koa, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    findAccount: (_koa, id) => accountOf(ctx, id),
    loadExistingGrant: (koa) => grantFor(ctx, koa),
    interactions: { policy: policyOf(ctx), url: (_koa, { uid }) => interactionUrl(uid) },
    renderError: showProblem,
    clientBasedCORS: (_koa, origin, client) =>
      // What has no origin of its own is `null`, and could be anybody.
      origin !== 'null' &&
      client.clientAuthMethod === 'none' &&
      (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: async (_koa, client, token) => ownOrRefused(client, token),
      },
      introspection: {
        enabled: true,
        // Only by whom it was given to, and who can prove to be that.
        allowedPolicy: async (_koa, client, token) =>
          client.clientAuthMethod !== 'none' && isOf(client, token),
      },
      deviceFlow: { enabled: true, ...deviceFlow },
    },
  }
}

const isOf = (client: { readonly clientId: string }, token: { readonly clientId?: string | undefined }) =>
  token.clientId === client.clientId

/** Who shows another's token is told that it is not theirs to end (RFC 7009, section 2.1). */
function ownOrRefused(...[client, token]: Parameters<typeof isOf>): boolean {
  if (!isOf(client, token)) throw new errors.InvalidRequest('this token was given to another client')
  return true
}

/** Secrets by their hash, in the same time whatever is sent; redirect URIs by our own rules. */
function compareByRules(provider: Provider) {
  Object.assign(provider.Client.prototype, {
    compareClientSecret(this: { clientSecret?: string }, given: string): boolean {
      return timingSafeEqual(Buffer.from(this.clientSecret ?? '', 'base64'), hashSecret(given))
    },
    redirectUriAllowed(this: { redirectUris?: readonly string[] }, given: string): boolean {
      return isRegistered(this.redirectUris ?? [], given)
    },
  })
}

/** So that a leaked one is recognised for what it is. */
function markSecrets(provider: Provider) {
  const marks = [
    [provider.AccessToken, secretPrefixes.accessToken],
    [provider.ClientCredentials, secretPrefixes.accessToken],
    [provider.RefreshToken, secretPrefixes.refreshToken],
  ] as const
  for (const [model, mark] of marks) {
    const prototype = model.prototype as unknown as { generateTokenId(): string }
    const generate = prototype.generateTokenId
    prototype.generateTokenId = function (this: object) {
      return mark + generate.call(this)
    }
  }
}
