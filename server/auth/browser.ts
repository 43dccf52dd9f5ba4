// Who is signed in with a browser, for pages that are not part of the API.
import type { Context } from '../context.ts'
import type { SessionHolder } from './holder.ts'
import { comesFromOwnPage } from './own-page-rules.ts'
import { secretInCookies } from './session-cookie.ts'
import { findHolder } from './session-service.ts'

type Headers = Parameters<typeof comesFromOwnPage>[0]

/** As it is in this moment, and not as it may be remembered. */
export async function signedInWith(ctx: Context, { cookie }: Headers): Promise<SessionHolder | undefined> {
  if (typeof cookie !== 'string') return undefined
  const secret = secretInCookies(ctx.config.publicUrl, cookie)
  return secret === undefined ? undefined : findHolder(ctx, secret, { used: true })
}

/** Whether what changes something was sent by a page of ours, and not by another site's. */
export const sentByOwnPage = (ctx: Context, headers: Headers): boolean =>
  comesFromOwnPage(headers, ctx.config.publicUrl)
