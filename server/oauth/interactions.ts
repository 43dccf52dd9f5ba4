// What a person does between a client's asking and its answer: signs in, and says yes or no. Answers where the browser goes next, or
// the page that it shows.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { type SessionHolder, signedInWith } from '../auth/index.ts'
import type { Context } from '../context.ts'
import type { Page } from '../http/html-page.ts'
import { findAccount } from './account-repository.ts'
import { nameOf } from './account-rules.ts'
import { saveWhileSignedIn } from './granting.ts'
import { consentPage, problemPage, tookTooLong } from './protocol-pages.ts'
import { interactionUrl } from './protocol-urls.ts'
import { sourceOf } from './redirect-uri-rules.ts'
import { grantable } from './scope-rules.ts'

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
  if (asked.prompt.name === 'consent') return consent(ctx, provider, asked, holder, browser)
  const login = { accountId: String(holder.user_id), remember: false, ts: holder.signed_in_at }
  return { goTo: await provider.interactionResult(browser.req, browser.res, { login }) }
}

export interface Decision {
  readonly choice: 'allow' | 'deny'
  /** What the page has shown. */
  readonly scope: string
}

/** After the person has said yes or no. */
export async function decide(
  ctx: Context,
  provider: Provider,
  uid: string,
  browser: Browser,
  { choice, scope }: Decision,
): Promise<Step> {
  const asked = await interactionOf(provider, uid, browser)
  if (!asked || asked.prompt.name !== 'consent') return gone
  const holder = await signedInWith(ctx, browser.req.headers)
  if (!holder || isAnother(asked, holder)) return changed
  if (choice === 'deny') return denied(provider, browser, 'the user has not allowed it')
  // Another role by now: what may be granted is not what was shown.
  if (scope !== scopesFor(asked, holder).join(' ')) return consent(ctx, provider, asked, holder, browser)
  const grant = new provider.Grant({
    accountId: String(holder.user_id),
    clientId: String(asked.params['client_id']),
  })
  grant.addOIDCScope(scope)
  const { req, res } = browser
  const grantId = await saveWhileSignedIn(ctx, req.headers, grant)
  if (grantId === undefined) return changed
  const result = { consent: { grantId } }
  return { goTo: await provider.interactionResult(req, res, result, { mergeWithLastSubmission: true }) }
}

async function denied(provider: Provider, { req, res }: Browser, error_description: string): Promise<Step> {
  const result = { error: 'access_denied', error_description }
  return { goTo: await provider.interactionResult(req, res, result, { mergeWithLastSubmission: false }) }
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

/** What the person is asked for: what their role can never use is neither shown nor granted. */
const scopesFor = ({ params }: Interaction, { role }: SessionHolder) => grantable(params['scope'], role).may

async function consent(
  ctx: Context,
  provider: Provider,
  asked: Interaction,
  holder: SessionHolder,
  browser: Browser,
): Promise<Step> {
  const scopes = scopesFor(asked, holder)
  if (scopes.length === 0)
    return denied(provider, browser, 'no scope was asked for that the user could allow')
  const client = await provider.Client.find(String(asked.params['client_id']))
  const account = await findAccount.first(ctx.db, { id: holder.user_id })
  if (!client || !account) return gone
  const redirectUri = asked.params['redirect_uri']
  const leadsTo = typeof redirectUri === 'string' ? sourceOf(redirectUri) : undefined
  return {
    status: 200,
    show: consentPage({
      client: client.clientName ?? client.clientId,
      scopes,
      account: nameOf(account) || (account.username ?? ''),
      role: holder.role,
      leadsTo,
    }),
  }
}
