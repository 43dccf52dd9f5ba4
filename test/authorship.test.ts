// Who did it is whoever called: no field, header or path says otherwise.
import { describe, expect, test } from 'vitest'
import { changeMyEmail, type Endpoint, requestFor, signOutUser } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'
import { callable, workingCall, workingCaller } from './support/working-calls.ts'

const desk = await openTestDesk()
const somebodyElse = await desk.given.admin()
const { id } = somebodyElse

const forgedFields = {
  created_by: id,
  updated_by: id,
  modified_by: id,
  edited_by: id,
  author_id: id,
  author: { id },
  actor_id: id,
  user_id: id,
  processed_by: id,
}

const forgedHeaders = {
  from: somebodyElse.username,
  'x-user-id': `${id}`,
  'x-actor-id': `${id}`,
  'x-remote-user': somebodyElse.username,
  'x-forwarded-user': somebodyElse.username,
  'x-on-behalf-of': `${id}`,
  'x-impersonate-user': `${id}`,
}

async function prepared(endpoint: Endpoint) {
  const caller = await workingCaller(desk, endpoint)
  const call = await workingCall(desk, endpoint, caller)
  const { method, path, headers, body } = requestFor(endpoint, call as never)
  const authorization = `Bearer ${caller.token}`
  const send = (sent: RequestInit['body'] | undefined, more: Record<string, string> = {}) =>
    sendTo(desk.url, { method, path, headers: { ...headers, authorization, ...more }, body: sent })
  return { send, body, fields: call.body, caller }
}

/** They ask for a mail, and end what is not there. */
const changesNothing = new Set<Endpoint>([changeMyEmail, signOutUser])

const writing = callable.filter(({ method }) => method !== 'GET')
const named = (these: readonly Endpoint[]) =>
  these.map((endpoint) => [endpoint.schema.operationId, endpoint] as const)

describe.each(named(writing.filter(({ schema }) => schema.body)))('%s', (_name, endpoint) => {
  test('S28 is refused where its body names another author, and nothing is done', async () => {
    const { send, fields } = await prepared(endpoint)
    const before = await desk.rows('select count(*) from audit_events')
    const forged = JSON.stringify({ ...fields, ...forgedFields })
    const { status, text } = await send(forged)
    const { errors } = JSON.parse(text) as { errors: { pointer: string }[] }
    expect([status, errors.map(({ pointer }) => pointer).sort()]).toEqual([
      422,
      Object.keys(forgedFields)
        .map((field) => `/${field}`)
        .sort(),
    ])
    expect(await desk.rows('select count(*) from audit_events')).toEqual(before)
  })
})

describe.each(named(writing))('%s', (_name, endpoint) => {
  test('S28 is done by its caller, whatever headers and path say', async () => {
    const { send, body, caller } = await prepared(endpoint)
    const { status, headers } = await send(body, forgedHeaders)
    expect(status).toBeLessThan(300)
    const requestId = headers.get('x-request-id')
    const actors = await desk.rows<{ actor_id: number }>(
      'select distinct actor_id from audit_events where request_id = $1',
      [requestId],
    )
    expect(actors).toEqual(changesNothing.has(endpoint) ? [] : [{ actor_id: caller.id }])
  })
})
