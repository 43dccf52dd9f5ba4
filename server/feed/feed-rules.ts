// Who is told of what. The modules' policies decide; a type of record without one is told to nobody.
import { atLeast, type Event } from '../../contract/index.ts'
import type { Change, ChangePolicies } from '../change.ts'
import type { Actor } from '../context.ts'
import { hasScope } from '../policy.ts'

/** The fields that any policy asks for. */
export function fieldsOf(policies: ChangePolicies): string[] {
  return [...new Set(Object.values(policies).flatMap((policy) => policy.fields))]
}

/** The change as this actor hears of it; undefined where they do not. */
export function eventFor(policies: ChangePolicies, actor: Actor, change: Change): Event | undefined {
  const policy = policies[change.record_type]
  if (!policy || !hasScope(actor, policy.scope) || !policy.maySee(actor, change)) return undefined
  const { id, type, at, record_type, record_id, version, actor_id, request_id } = change
  return {
    id,
    type,
    at,
    record_type,
    record_id,
    href: policy.href(actor, change),
    version,
    tombstone: policy.isGone(change),
    // Customers do not learn which of the colleagues did something.
    actor_id: atLeast(actor.role, 'operator') ? actor_id : null,
    request_id,
  }
}

/** `wanted`: what happened, or a type of record; without it everything is. */
export function isOfType({ type, record_type }: Change, wanted: string | undefined): boolean {
  return wanted === undefined || wanted === type || wanted === record_type
}
