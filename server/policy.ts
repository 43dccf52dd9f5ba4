// Who may call what: the one place that judges role and scope, for calls and for the links and events that follow from them.
import { type Access, atLeast, type Role, type Scope } from '../contract/index.ts'
import type { Actor } from './context.ts'

type Who = Pick<Actor, 'role' | 'scopes'>

/** Of an endpoint's config. */
interface Asked {
  readonly access: Access
  readonly upTo?: Role | undefined
  readonly scope?: Scope | undefined
}

/** Why this actor may not call it, in a word; undefined where they may. Both must allow it: a scope never adds to a role. */
export function refusalOf(actor: Who, { access, upTo, scope }: Asked): 'role' | 'scope' | undefined {
  if (access === 'anyone') return undefined
  if (!atLeast(actor.role, access) || (upTo && !atLeast(upTo, actor.role))) return 'role'
  return hasScope(actor, scope) ? undefined : 'scope'
}

/** What names no scope is only for people themselves, not for clients that act for them. */
export function hasScope({ scopes }: Pick<Actor, 'scopes'>, scope: Scope | undefined): boolean {
  return scopes === null || scopes.some((granted) => granted === scope)
}
