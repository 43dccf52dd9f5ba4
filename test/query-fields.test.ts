// Queries that try to look at columns, relations or the database itself: each endpoint takes what it declares, and nothing else.
import { describe, expect, test } from 'vitest'
import { type Endpoint, requestFor } from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'
import { callable, workingCall, workingCaller } from './support/working-calls.ts'

const desk = await openTestDesk()
const readers = callable.filter(({ method }) => method === 'GET')

/** As other products take them. */
const foreign = {
  'filter[created_by.password_hash][startsWith]': '$argon2',
  'filters[$and][0][created_by][password_hash][$startsWith]': '$argon2',
  password_hash: '$argon2',
  password_hash__startswith: '$argon2',
  where: '{"password_hash":{"startsWith":"$argon2"}}',
  fields: '*',
  'fields[users]': 'password_hash',
  select: 'id,password_hash',
  include: 'sessions',
  expand: 'created_by.sessions',
  populate: '*',
  with: 'tokens',
  p: 'users.password_hash',
}

/** What would stand in SQL as a name or a keyword, where one made SQL of it. */
const structural = {
  sort: 'password_hash',
  order: 'desc',
  order_by: '(select password_hash from users limit 1)',
  direction: 'desc; select pg_sleep(9)--',
  timezone: "UTC'; select pg_sleep(9)--",
  unit: 'day',
  group_by: 'role',
  config: 'simple',
  path: "$.a' or '1'='1",
  cursor: "' or 1=1--",
}

const sorts = [
  '-password_hash',
  'created desc',
  'created;drop table users',
  'created,password_hash',
  'id',
  '1',
  '',
]

async function refused(endpoint: Endpoint) {
  const caller = await workingCaller(desk, endpoint)
  const call = await workingCall(desk, endpoint, caller)
  const { path } = requestFor(endpoint, call as never)
  return async (name: string, value: string) => {
    const hostile = new URLSearchParams({ [name]: value })
    const { status, text } = await sendTo(desk.url, {
      path: `${path}${path.includes('?') ? '&' : '?'}${hostile}`,
      headers: { authorization: `Bearer ${caller.token}` },
    })
    const errors = (JSON.parse(text) as { errors?: { pointer: string }[] }).errors ?? []
    expect([status, errors.map(({ pointer }) => pointer)], `${path} ${hostile}`).toEqual([422, [`/${name}`]])
  }
}

describe.each(readers.map((endpoint) => [endpoint.schema.operationId, endpoint] as const))(
  '%s',
  (_name, endpoint) => {
    test('S24 takes no filter, field or relation that it does not declare', async () => {
      const expectRefused = await refused(endpoint)
      for (const [name, value] of Object.entries(foreign)) await expectRefused(name, value)
    })

    test('S25 takes no name or keyword of SQL', async () => {
      const expectRefused = await refused(endpoint)
      for (const [name, value] of Object.entries(structural)) await expectRefused(name, value)
      for (const sort of sorts) await expectRefused('sort', sort)
    })
  },
)
