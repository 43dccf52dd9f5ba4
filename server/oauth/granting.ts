import type { IncomingHttpHeaders } from 'node:http'
import type { Provider } from 'oidc-provider'
import { signedInWith } from '../auth/index.ts'
import type { Context } from '../context.ts'

/**
 * Answers the grant's id; undefined where the sign-in that it comes from has ended meanwhile. Whatever ends all that lets somebody in
 * ends the grants that are there by then, and this one may come a moment later.
 */
export async function saveWhileSignedIn(
  ctx: Context,
  headers: IncomingHttpHeaders,
  grant: InstanceType<Provider['Grant']>,
): Promise<string | undefined> {
  const id = await grant.save()
  const holder = await signedInWith(ctx, headers)
  if (String(holder?.user_id) === grant.accountId) return id
  await grant.destroy()
  return undefined
}
