import { scopeNames, signInScopes } from '../../contract/index.ts'

/** The names in a `scope` (RFC 6749, section 3.3): separated by spaces, each counted once. */
export const scopesIn = (scope: unknown): string[] =>
  typeof scope === 'string' ? [...new Set(scope.split(' ').filter(Boolean))] : []

const known = new Set<string>([...Object.keys(signInScopes), ...scopeNames])

/** Of them those that mean something here; a client may name others, and is not granted them. */
export const knownScopesIn = (scope: unknown): string[] => scopesIn(scope).filter((name) => known.has(name))
