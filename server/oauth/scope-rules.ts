import { endpoints, type Role, type Scope, scopeNames, signInScopes } from '../../contract/index.ts'
import { refusalOf } from '../policy.ts'

/** The names in a `scope` (RFC 6749, section 3.3): separated by spaces, each counted once. */
export const scopesIn = (scope: unknown): string[] =>
  typeof scope === 'string' ? [...new Set(scope.split(' ').filter(Boolean))] : []

const known = new Set<string>([...Object.keys(signInScopes), ...scopeNames])

/** Of them those that mean something here; a client may name others, and is not granted them. */
export const knownScopesIn = (scope: unknown): string[] => scopesIn(scope).filter((name) => known.has(name))

/** Whether there is any call that the scope lets somebody of this role make. */
const opens = (scope: Scope, role: Role): boolean =>
  endpoints.some(({ config }) => config.scope === scope && !refusalOf({ role, scopes: [scope] }, config))

/** Of what is asked, what a person of this role can grant and what not: nobody gives what they do not have themselves. */
export function grantable(scope: unknown, role: Role): { readonly may: string[]; readonly mayNot: string[] } {
  const mayNot: readonly string[] = scopeNames.filter((name) => !opens(name, role))
  const asked = Object.groupBy(knownScopesIn(scope), (name) => (mayNot.includes(name) ? 'mayNot' : 'may'))
  return { may: asked.may ?? [], mayNot: asked.mayNot ?? [] }
}
