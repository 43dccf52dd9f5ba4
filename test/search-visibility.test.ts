// Who finds what: nobody finds by searching what they could not read, nor learns by a count or a place that it is there (S06).
import { expect, test } from 'vitest'
import { deletePost, search, type SearchResult } from '../contract/index.ts'
import { hashSecret, newSecret } from '../server/credentials/secrets.ts'
import { openTestDesk } from './support/desk.ts'
import { registerClient } from './support/oauth.ts'

const desk = await openTestDesk()
const open = await openTestDesk({ beside: desk, ticketVisibility: 'all' })
const { as, given, rows } = desk
const operator = await given.operator()
const [ed, other] = [await given.user(), await given.user()]

const edsOwn = await given.own(ed)
const others = await given.own(other)
await rows(`update customers set company = 'Mockingbird Inc' where id in ($1, $2)`, [edsOwn, others])
const ask = (customer_id: number) =>
  given.request({ customer_id, subject: 'Mockingbird', body: 'It sings', status: 'IN_PROGRESS' })
const mine = await ask(edsOwn)
const theirs = await ask(others)
const reply = await given.post(operator, { ticket_id: mine.id, message: 'The mockingbird sings' })
const note = await given.post(operator, {
  ticket_id: mine.id,
  message: 'A mockingbird canary',
  internal: true,
})
const gone = await given.post(operator, { ticket_id: mine.id, message: 'A mockingbird phoenix' })
await as(operator)(deletePost, { params: { id: gone.id } })
const theirReply = await given.post(other, { ticket_id: theirs.id, message: 'Listen to the mockingbird' })

async function found(
  q: string,
  {
    who = ed,
    at = desk,
    type,
  }: { who?: { token: string }; at?: typeof desk; type?: SearchResult['type'] } = {},
) {
  const { body } = await at.as(who)(search, { query: { q, ...(type ? { type } : {}) } })
  expect(body.results).toHaveLength(body.count)
  return body.results.map(({ type, id }) => `${type} ${id}`).sort()
}

const both = [`customer ${edsOwn}`, `customer ${others}`]
const inPublic = [`post ${reply.id}`, `post ${theirReply.id}`, `ticket ${mine.id}`, `ticket ${theirs.id}`]

test('customers find what is public of their own tickets', async () => {
  expect(await found('mockingbird')).toEqual([`post ${reply.id}`, `ticket ${mine.id}`])
  expect(await found('mockingbird', { who: other })).toEqual([`post ${theirReply.id}`, `ticket ${theirs.id}`])
  expect(await found('mockingbird', { who: await given.user() })).toEqual([])
})

test('the staff finds all of it, notes and customers too, but what was deleted', async () => {
  const all = [...both, ...inPublic, `post ${note.id}`].sort()
  expect(await found('mockingbird', { who: operator })).toEqual(all)
  expect(await found('mockingbird', { who: await given.admin() })).toEqual(all)
  expect(await found('phoenix', { who: operator })).toEqual([])
})

test('where customers may read any ticket, they find what is public of all', async () => {
  expect(await found('mockingbird', { at: open })).toEqual(inPublic)
  expect(await found('mockingbird', { at: open, who: operator })).toEqual(
    [...both, ...inPublic, `post ${note.id}`].sort(),
  )
})

test('a number finds the ticket for those who may read it', async () => {
  const numbered = (who: { token: string }, at = desk) => found(`#${theirs.id}`, { who, at, type: 'ticket' })
  for (const who of [other, operator]) expect(await numbered(who)).toEqual([`ticket ${theirs.id}`])
  expect(await numbered(ed)).toEqual([])
  expect(await numbered(ed, open)).toEqual([`ticket ${theirs.id}`])
})

test('a note is found by no customer, by no count, and moves nothing to another place', async () => {
  for (const at of [desk, open]) {
    expect(await found('canary', { at })).toEqual([])
    expect(await found('mockingbird canary', { at })).toEqual([])
    expect(await found('canary', { at, type: 'post' })).toEqual([])
  }
  const before = (await as(ed)(search, { query: { q: 'mockingbird' } })).body
  await given.post(operator, { ticket_id: mine.id, message: 'mockingbird '.repeat(50), internal: true })
  expect((await as(ed)(search, { query: { q: 'mockingbird' } })).body).toEqual(before)
})

test('customers are found by the staff alone', async () => {
  await expect(as(ed)(search, { query: { q: 'mockingbird', type: 'customer' } })).resolves.toMatchObject({
    status: 403,
  })
  expect(await found('Mockingbird Inc')).toEqual([])
  expect(await found('mockingbird', { who: operator, type: 'customer' })).toEqual(both)
})

test('a client finds customers with the scope for them', async () => {
  const { record: client } = await registerClient(desk, { scopes: ['tickets:read', 'customers:read'] })
  const accessToken = async (scopes: readonly string[]) => {
    const token = newSecret('accessToken')
    await rows(
      `with granted as (
         insert into oauth_grants (key, client_id, user_id, scopes, expires_at)
         values (gen_random_uuid()::text, $1, $2, $3, now() + interval '1 day') returning id
       )
       insert into oauth_tokens (kind, secret_hash, client_id, grant_id, user_id, scopes, sealed, expires_at)
       select 'AccessToken', $4, $1, granted.id, $2, $3, '', now() + interval '10 minutes' from granted`,
      [client.id, operator.id, scopes, hashSecret(token)],
    )
    return { token }
  }
  const ticketsOnly = await accessToken(['tickets:read'])
  expect(
    (await found('mockingbird', { who: ticketsOnly })).filter((name) => name.startsWith('customer')),
  ).toEqual([])
  await expect(
    as(ticketsOnly)(search, { query: { q: 'mockingbird', type: 'customer' } }),
  ).resolves.toMatchObject({ status: 403, body: { type: expect.stringContaining('insufficient_scope') } })
  const withBoth = await accessToken(['tickets:read', 'customers:read'])
  expect(await found('mockingbird', { who: withBoth, type: 'customer' })).toEqual(both)
  await expect(
    as(await accessToken(['customers:read']))(search, { query: { q: 'mockingbird' } }),
  ).resolves.toMatchObject({
    status: 403,
  })
})
