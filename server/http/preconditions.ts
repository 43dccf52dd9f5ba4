// If-Match and If-None-Match on calls that change a record (RFC 9110, section 13).
import type { FastifyRequest } from 'fastify'
import type { Endpoint } from '../../contract/index.ts'
import { lockVersion } from '../db/version.ts'
import { AppError } from '../errors.ts'
import { holdsStrongTag, namesVersion } from './entity-tags.ts'
import type { RecordDefinitions } from './records.ts'

export type Expectation = (version: number) => boolean

/** What a call asks of the record before it may change; undefined where it asks nothing. */
export function expectationOf({ headers }: FastifyRequest): Expectation | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  if (match === undefined && noneMatch === undefined) return undefined
  return (version) =>
    (match === undefined || namesVersion(match, version)) &&
    (noneMatch === undefined || !namesVersion(noneMatch, version))
}

/** Locks the record until the transaction of `request.ctx` ends. Throws a 412 for a version that is not the expected one. */
export async function expectVersion(
  definitions: RecordDefinitions,
  { config: { changes } }: Endpoint,
  request: FastifyRequest,
  expected: Expectation,
): Promise<void> {
  if (!changes) return
  const { table, get } = definitions[changes]
  const id = Number(Object.values(request.params as object).at(-1) ?? request.actor.user_id)
  const version = await lockVersion(request.ctx.db, table, id)
  if (version === undefined || expected(version)) return
  // Whoever may not see the record hears that, and nothing of its version.
  await get(request.ctx, request.actor, id)
  throw stale(version, request)
}

/** The record is at another version than the call says, or the call says none that could be compared. */
export function stale(version: number, { headers }: FastifyRequest): AppError {
  const match = headers['if-match']
  const detail =
    match === undefined || holdsStrongTag(match)
      ? `The record is at version ${version} now. Read it again.`
      : `If-Match takes strong tags in quotes, as ETag answers them: "${version}" is the current one.`
  return new AppError('precondition_failed', detail, { code: 'stale', headers: { etag: `"${version}"` } })
}
