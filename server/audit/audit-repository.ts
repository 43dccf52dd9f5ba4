import { sql } from 'kysely'
import type { AuditEvent } from '../../contract/index.ts'
import { list } from '../db/list.ts'

const columns = sql`audit_events.id, audit_events.at, audit_events.actor_id, audit_events.actor_role, audit_events.action,
  audit_events.record_type, audit_events.record_id, audit_events.before, audit_events.after, audit_events.request_id`

export interface AuditFilters {
  /** A number of each type, given together. */
  readonly record_id?: number | undefined
  readonly record_type?: string | undefined
  readonly actor?: number | undefined
  readonly action?: string | undefined
  readonly from?: string | undefined
  readonly until?: string | undefined
}

export const pageOfEvents = list<AuditEvent, AuditFilters>({
  columns,
  table: 'audit_events',
  sorts: { created: sql`audit_events.at` },
  filters: {
    record_id: (id) => ({
      column: sql`audit_events.record_id`,
      value: sql`${id}::bigint`,
      shared: 'by few',
    }),
    record_type: (type) => sql`audit_events.record_type = ${type}`,
    actor: (id) => ({ column: sql`audit_events.actor_id`, value: sql`${id}::bigint`, shared: 'by many' }),
    action: (action) => ({ column: sql`audit_events.action`, value: sql`${action}`, shared: 'by many' }),
    from: (from) => sql`audit_events.at >= ${from}::timestamptz`,
    until: (until) => sql`audit_events.at < ${until}::timestamptz`,
  },
})
