// Reading the audit log: all of it for admins, a record's history for whoever works with the record.
import type { AuditEvent, HistoryEntry, listAuditEvents, Query } from '../../contract/index.ts'
import type { Context } from '../context.ts'
import type { Page, PageQuery } from '../db/list.ts'
import { invalid } from '../errors.ts'
import * as repository from './audit-repository.ts'
import { changesOf, readRecord, utcOf, type Words } from './audit-rules.ts'

export async function list(
  ctx: Context,
  { record, actor, action, ...range }: Query<typeof listAuditEvents>,
  page: PageQuery,
): Promise<Page<AuditEvent>> {
  const [from, until] = [momentOf('from', range), momentOf('until', range)]
  if (from !== undefined && until !== undefined && until < from)
    throw refused('until', 'must not be before from')
  const { record_type, record_id } = record === undefined ? {} : readRecord(record)
  return repository.pageOfEvents(ctx.db, { record_id, record_type, actor, action, from, until }, page)
}

export async function historyOf(
  ctx: Context,
  record: { readonly type: string; readonly id: number },
  page: PageQuery,
  words: Words,
): Promise<Page<HistoryEntry>> {
  const events = await repository.pageOfEvents(
    ctx.db,
    { record_type: record.type, record_id: record.id },
    page,
  )
  return {
    ...events,
    rows: events.rows.map(({ id, at, actor_id, actor_role, action, before, after, request_id }) => {
      return { id, at, actor_id, actor_role, action, changes: changesOf(before, after, words), request_id }
    }),
  }
}

type Bound = 'from' | 'until'

function momentOf(name: Bound, range: { readonly [Name in Bound]?: string }): string | undefined {
  const given = range[name]
  if (given === undefined) return undefined
  const moment = utcOf(given)
  if (moment === undefined)
    throw refused(name, 'must be a moment that there is, such as 2026-11-21T09:30:00Z')
  return moment
}

const refused = (name: Bound, detail: string) => invalid([{ in: 'query', pointer: `/${name}`, detail }])
