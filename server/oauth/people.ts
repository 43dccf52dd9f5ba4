// Whom the protocol acts for: who they are, what they have allowed before, and when they have to be asked.
import { interactionPolicy, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { signedInWith } from '../auth/index.ts'
import type { Context } from '../context.ts'
import { findAccount } from './account-repository.ts'
import { nameOf } from './account-rules.ts'
import { findConsent } from './grant-repository.ts'
import { saveWhileSignedIn } from './granting.ts'
import { isLocalHttps } from './redirect-uri-rules.ts'
import { grantable } from './scope-rules.ts'

/** What a client may be told of them, by the scopes that it was granted. */
export async function accountOf(ctx: Context, id: string) {
  const account = await findAccount.first(ctx.db, { id: Number(id) })
  if (!account) return undefined
  const { username, email, email_verified, first_name, last_name } = account
  const name = nameOf(account)
  return {
    accountId: id,
    claims: async () => ({
      sub: id,
      ...(name ? { name } : {}),
      ...(first_name ? { given_name: first_name } : {}),
      ...(last_name ? { family_name: last_name } : {}),
      ...(username === null ? {} : { preferred_username: username }),
      ...(email === null ? {} : { email, email_verified }),
    }),
  }
}

type Grant = InstanceType<Provider['Grant']>

const deviceRoutes = ['code_verification', 'device_resume']

/**
 * What the person has just allowed, or the same as they have allowed this client before: then a grant of its own again, so that one
 * family of tokens ends without the others. An app on their machine could be another one than last time, and a device
 * could be somebody else's: they ask each time.
 */
export async function grantFor(ctx: Context, { oidc, req }: KoaContextWithOIDC) {
  const { client, provider, result, session, params } = oidc
  const accountId = session?.accountId
  const holder = await signedInWith(ctx, req.headers)
  if (!holder || String(holder.user_id) !== accountId) return undefined
  const { may: scopes, mayNot } = grantable(params?.['scope'], holder.role)
  const allowed = result?.consent?.grantId
  if (allowed) return withoutAsking(await provider.Grant.find(allowed), mayNot)
  const asksEachTime =
    client?.applicationType === 'native' ||
    (client?.clientAuthMethod === 'none' && client.redirectUris?.some(isLocalHttps)) ||
    deviceRoutes.includes(oidc.route) ||
    oidc.prompts.has('consent')
  if (!client || asksEachTime) return undefined
  const known = await findConsent.first(ctx.db, {
    client_id: client.clientId,
    user_id: Number(accountId),
    scopes,
  })
  if (!known || scopes.length === 0) return undefined
  const grant = new provider.Grant({ accountId, clientId: client.clientId })
  grant.addOIDCScope(scopes.join(' '))
  if ((await saveWhileSignedIn(ctx, req.headers, grant)) === undefined) return undefined
  return withoutAsking(grant, mayNot)
}

/** What the person was not asked for, since their role can never use it, is answered for: else they would be asked again. */
function withoutAsking(grant: Grant | undefined, scopes: readonly string[]): Grant | undefined {
  grant?.rejectOIDCScope(scopes.join(' '))
  return grant
}

/** Beside the usual: whoever is not signed in here with this browser, or as somebody else by now, has to sign in. */
export function policyOf(ctx: Context) {
  const { Check, base } = interactionPolicy
  const policy = base()
  policy.get('login')?.checks.add(
    new Check('signed_in_here', 'End-User authentication is required', async ({ oidc, req }) => {
      const holder = await signedInWith(ctx, req.headers)
      return String(holder?.user_id) === oidc.session?.accountId
        ? Check.NO_NEED_TO_PROMPT
        : Check.REQUEST_PROMPT
    }),
  )
  return policy
}
