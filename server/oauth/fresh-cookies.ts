// The cookies that an authorization begins with: the provider's session is made anew each time, from the sign-in that this browser has
// here and now. So signing out here, or signing in as somebody else, leaves nobody signed in there.
import type { IncomingHttpHeaders } from 'node:http'
import type { Provider } from 'oidc-provider'
import { signedInWith } from '../auth/index.ts'
import type { Context } from '../context.ts'
import type { CookieSigning } from './cookie-signing.ts'
import { lifetimes } from './lifetimes.ts'
import { sessionCookieName } from './protocol-urls.ts'

const ofThis = [`${sessionCookieName}=`, `${sessionCookieName}.sig=`]

export async function freshCookies(
  ctx: Context,
  provider: Provider,
  headers: IncomingHttpHeaders,
  signing: CookieSigning,
): Promise<string> {
  const others = (headers.cookie ?? '')
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '' && !ofThis.some((name) => cookie.startsWith(name)))
  const holder = await signedInWith(ctx, headers)
  if (!holder) return others.join('; ')
  const session = new provider.Session()
  session.loginAccount({
    accountId: String(holder.user_id),
    transient: true,
    loginTs: holder.signed_in_at,
  })
  const cookie = `${sessionCookieName}=${await session.save(lifetimes.interaction)}`
  return [...others, cookie, `${sessionCookieName}.sig=${signing.sign(cookie)}`].join('; ')
}
