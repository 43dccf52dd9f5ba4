import { errors } from 'oidc-provider'
import { scopesIn } from './scope-rules.ts'

/** What a token is to be good for: what is asked for, all of it the client's `own`; all of that where nothing is named. */
export function askedScopes(asked: string | undefined, own: readonly string[]): readonly string[] {
  if (asked === undefined) return own
  const scopes = scopesIn(asked)
  const refused = scopes.find((scope) => !own.includes(scope))
  if (refused !== undefined) throw new errors.InvalidScope('requested scope is not allowed', refused)
  return scopes
}
