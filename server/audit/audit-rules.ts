// Pure rules of the audit log.
import type { HistoryEntry } from '../../contract/index.ts'

type Row = Readonly<Record<string, unknown>>

/** Every record has these, and every change changes them or none does: `at` and the order say it all. */
const ofEveryRecord = new Set(['id', 'created_at', 'updated_at', 'version'])

/** What a record is in the API's words: the fields that it has there, and its columns that are called otherwise. */
export interface Words {
  readonly fields: readonly string[]
  readonly columns?: Readonly<Record<string, string>>
}

/** What became of each field: what a person looks for, where the log has the whole record before and after. */
export function changesOf(
  before: Row | null,
  after: Row | null,
  { fields, columns = {} }: Words,
): HistoryEntry['changes'] {
  const changes = fields
    .filter((field) => !ofEveryRecord.has(field))
    .map((field) => {
      const column = columns[field] ?? field
      return { field, from: shown(field, before?.[column]), to: shown(field, after?.[column]) }
    })
  return Object.fromEntries(
    changes
      .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to))
      .map(({ field, from, to }) => [field, { from, to }]),
  )
}

/** Times are in the log as PostgreSQL writes them into JSON, which is not as the API writes them. */
function shown(field: string, value: unknown): unknown {
  return field.endsWith('_at') && typeof value === 'string' ? utcOf(value) : (value ?? null)
}

/** The type and the number of `customer:12`, which has the contract's recordPattern. */
export function readRecord(record: string): { record_type: string; record_id: number } {
  const [type = '', id] = record.split(':')
  return { record_type: type, record_id: Number(id) }
}

/**
 * A date-time in UTC with six digits, in which earlier is less; PostgreSQL refuses years and time zones that RFC 3339 knows.
 * Undefined where there is no such moment, such as 30 February.
 */
export function utcOf(dateTime: string): string | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)[Tt\s](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-]\d\d):?(\d\d))$/.exec(
    dateTime,
  )
  if (!parts) return undefined
  const [, day, time, fraction = '', hours = '+00', minutes = '00'] = parts
  const utc = new Date(`${day}T${time}${hours}:${minutes}`)
  if (Number.isNaN(utc.getTime())) return undefined
  if (utc.getUTCFullYear() < 1) return '-infinity'
  if (utc.getUTCFullYear() > 9999) return 'infinity'
  return `${utc.toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`
}
