// A change of a record, and who hears of it, with only the facts that matter to a rule.
import type { Role, Scope } from '../../contract/index.ts'
import type { Change } from '../../server/change.ts'
import type { Actor } from '../../server/context.ts'

export const changeOf = (facts: Partial<Change> = {}): Change => ({
  id: 42,
  type: 'ticket.assigned',
  at: '2026-11-21T09:30:00.000000Z',
  record_type: 'ticket',
  record_id: 7,
  version: 2,
  actor_id: 3,
  request_id: 'a-request',
  before: {},
  after: {},
  ...facts,
})

export const actorWho = (
  role: Role,
  { user_id = 1, scopes = null }: { user_id?: number | null; scopes?: readonly Scope[] | null } = {},
): Actor => ({ user_id, credential: null, role, scopes, request_id: '' })
