// What a person does between a client's asking and its answer: signs in, and says yes or no. Answers where the browser goes next, or
// the page that it shows.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { type SessionHolder, signedInWith } from '../auth/index.ts'
import type { Context } from '../context.ts'
import { findAccount } from './account-repository.ts'
import { nameOf } from './account-rules.ts'
import { saveWhileSignedIn } from './granting.ts'
import { consentPage, type Page, problemPage, tookTooLong } from './protocol-pages.ts'
import { interactionUrl } from './protocol-urls.ts'
import { sourceOf } from './redirect-uri-rules.ts'
import { knownScopesIn } from './scope-rules.ts'

export type Step = { readonly goTo: string } | { readonly show: Page; readonly status: number }

interface Browser {
  readonly req: IncomingMessage
  readonly res: ServerResponse
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

const gone: Step = {
  status: 400,
  show: problemPage(tookTooLong),
}

const changed: Step = {
  status: 400,
  show: problemPage(
    'You are signed in as somebody else by now. Go back to where you came from and begin anew.',
  ),
}

/** What comes next for a browser that was sent here. */
export async function stepOf(ctx: Context, provider: Provider, uid: string, browser: Browser): Promise<Step> {
  const asked = await interactionOf(provider, uid, browser)
  if (!asked) return gone
  const holder = await signedInWith(ctx, browser.req.headers)
  if (!holder || mustSignInAgain(asked, holder))
    return { goTo: `/sign-in?return_to=${encodeURIComponent(interactionUrl(uid))}` }
  if (isAnother(asked, holder)) return changed
  if (asked.prompt.name === 'consent') return consent(ctx, provider, asked, holder)
  const login = { accountId: String(holder.user_id), remember: false, ts: holder.signed_in_at }
  return { goTo: await provider.interactionResult(browser.req, browser.res, { login }) }
}

/** After the person has said yes or no. */
export async function decide(
  ctx: Context,
  provider: Provider,
  uid: string,
  browser: Browser,
  choice: 'allow' | 'deny',
): Promise<Step> {
  const asked = await interactionOf(provider, uid, browser)
  if (!asked || asked.prompt.name !== 'consent') return gone
  const holder = await signedInWith(ctx, browser.req.headers)
  if (!holder || isAnother(asked, holder)) return changed
  const { req, res } = browser
  if (choice === 'deny') {
    const denied = { error: 'access_denied', error_description: 'the user has not allowed it' }
    return { goTo: await provider.interactionResult(req, res, denied, { mergeWithLastSubmission: false }) }
  }
  const grant = new provider.Grant({
    accountId: String(holder.user_id),
    clientId: String(asked.params['client_id']),
  })
  grant.addOIDCScope(knownScopesIn(asked.params['scope']).join(' '))
  const grantId = await saveWhileSignedIn(ctx, req.headers, grant)
  if (grantId === undefined) return changed
  const result = { consent: { grantId } }
  return { goTo: await provider.interactionResult(req, res, result, { mergeWithLastSubmission: true }) }
}

async function interactionOf(provider: Provider, uid: string, { req, res }: Browser) {
  const found = await provider.interactionDetails(req, res).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'SessionNotFound') return undefined
    throw error
  })
  return found?.uid === uid ? found : undefined
}

/** A client may ask for a fresh sign-in, or for one that is not older than so many seconds. */
function mustSignInAgain({ prompt, params, iat }: Interaction, { signed_in_at }: SessionHolder): boolean {
  const fresh = prompt.reasons.includes('login_prompt')
  const maxAge = prompt.reasons.includes('max_age') ? Number(params['max_age']) : undefined
  if (!fresh && maxAge === undefined) return false
  return signed_in_at < iat - (fresh ? 0 : (maxAge ?? 0))
}

const isAnother = ({ session }: Interaction, holder: SessionHolder) =>
  session !== undefined && session.accountId !== String(holder.user_id)

async function consent(
  ctx: Context,
  provider: Provider,
  asked: Interaction,
  holder: SessionHolder,
): Promise<Step> {
  const client = await provider.Client.find(String(asked.params['client_id']))
  const account = await findAccount.first(ctx.db, { id: holder.user_id })
  if (!client || !account) return gone
  const redirectUri = asked.params['redirect_uri']
  const leadsTo = typeof redirectUri === 'string' ? sourceOf(redirectUri) : undefined
  return {
    status: 200,
    show: consentPage({
      client: client.clientName ?? client.clientId,
      scopes: knownScopesIn(asked.params['scope']),
      account: nameOf(account) || (account.username ?? ''),
      role: holder.role,
      leadsTo,
    }),
  }
}
