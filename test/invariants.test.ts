// The controls of test/support/invariants.ts: each rule is broken on purpose, and must be seen to be broken.
import { expect, test } from 'vitest'
import { relay } from '../server/db/relay.ts'
import { fileBytes } from './support/file-bytes.ts'
import { invariants } from './support/invariants.ts'
import { openTestDesk } from './support/desk.ts'
import { filesOutOfPlace } from './support/photos.ts'

const { ctx, given, pool, rows } = await openTestDesk()

const unlocked =
  'alter table audit_events disable trigger user; alter table audit_chain disable trigger user;'

/** An event that should not be; of the users that a select behind it names. */
const event = (action: string, before = 'null', after = 'null') => `
    insert into audit_events (actor_role, action, record_type, before, after, request_id, record_id)
    select 'admin', '${action}', 'user', ${before}::jsonb, ${after}::jsonb, 'by hand', user_id from (`

const aGrant = `
    insert into oauth_clients (client_id, name, grant_types, role, scopes) values ('breached', 'x', '{authorization_code}', 'admin', '{}');
    insert into oauth_grants (key, client_id, user_id, scopes, expires_at)
    select 'breached', oauth_clients.id, users.id, '{}', now() + interval '1 day'
    from oauth_clients, (select id from users order by id limit 1) as users where client_id = 'breached';`

const anAttachment = `
    insert into attachment_files (sha256, key) values (repeat('a', 64), repeat('a', 64) || '-by hand');
    insert into attachments (post_id, place, name, media_type, bytes, sha256)
    select max(id), 5, 'by-hand.txt', 'text/plain', 1, repeat('a', 64) from posts;`

const breaks: Readonly<Record<string, string>> = {
  'a ticket has exactly one first post': `insert into tickets (customer_id) select id from customers limit 1`,
  'posts are numbered without gaps, and counted as their customer sees them (I07)': `update tickets set posts_made = posts_made + 1`,
  'a post is deleted by its author, and keeps no text (I07)': `
    insert into posts (ticket_id, number, message, deleted_at) select id, 2, '', now() from tickets limit 1`,
  'a ticket moves along its edges alone (I01)': `${unlocked} update audit_events set action = 'ticket.edited' where action = 'ticket.completed'`,
  'work on a ticket is given to an operator': `update users set role = 'customer' where id in (select processed_by from tickets)`,
  'a ticket that has ended says how, and an open one does not': `alter table tickets drop constraint tickets_end_has_comment; update tickets set resolution_comment = null`,
  'an open ticket is archived only together with its customer': `update tickets set archived_at = now() where status = 'PENDING'`,
  'an archived customer has no live tickets': `update customers set archived_at = now()`,
  'no two live customers have one phone, e-mail address or external_id (I13)': `drop index customers_live_external_id_key; update customers set external_id = 'W-1'`,
  'who made a customer, and when, never changes (I05)': `${unlocked} update audit_events set before = after, after = after || '{"created_by": 7}' where action = 'customer.created'`,
  'a customer with a login has that of somebody with the role customer': `
    update customers set user_id = (select id from users where role = 'operator' limit 1) where id = (select min(id) from customers)`,
  'no two customers have one login': `drop index customers_user_key; update customers set user_id = (select min(id) from users)`,
  'a login is linked to a customer of the shop by an address that it has proved alone': `
    insert into audit_events (actor_role, action, record_type, record_id, before, after, request_id)
    select 'customer', 'customer.linked', 'customer', customers.id, to_jsonb(customers), to_jsonb(customers) || '{"user_id": 1, "email": "x@shop.example"}', 'by hand'
    from customers limit 1`,
  'of a photo there is all or nothing, under a key of its own (I34)': `update customers set photo_key = repeat('ab', 16), photo_large_hash = repeat('c', 64), photo_small_hash = repeat('c', 64)`,
  'an attachment is that of a post that is not deleted': `
    insert into posts (ticket_id, number, message, deleted_at) select max(id), 2, '', now() from tickets; ${anAttachment}`,
  'an attachment is named by the event that made its post (I30)': anAttachment,
  'every change has one audit row, in unbroken versions': `${unlocked} delete from audit_events where action = 'ticket.assigned'`,
  'what was before is what came out of the change before it': `${unlocked} update audit_events set before = before || '{"version": 7}' where action = 'ticket.completed'`,
  'a record is as its last audit row says': `update tickets set version = version + 1`,
  'there is always an admin who can sign in, once there was one (I21)': `
    insert into users (username, role, password_hash, disabled_at) values ('gone', 'admin', 'a hash', now());
    ${event('user.disabled')} select id from users where username = 'gone') as named (user_id)`,
  'a role is changed by another admin alone (I22)': `
    ${event('user.updated', `'{"role": "customer"}'`, `'{"role": "admin"}'`)} select 1) as named (user_id)`,
  'no two users have one username or e-mail address (I23)': `drop index users_email_key; update users set email = 'one@shop.example'`,
  'an e-mail address becomes verified by a link that was mailed there alone (I23)': `
    ${event('user.updated', `'{}'`, `'{"email_verified_at": "2026-11-21T00:00:00Z"}'`)} select 1) as named (user_id)`,
  'who was disabled is let in by nothing from before (I24)': `${event('user.disabled')} select user_id from tokens limit 1) as named (user_id)`,
  'a password that was reset has ended all from before (I25)': `${event('user.password_reset')} select user_id from tokens limit 1) as named (user_id)`,
  'a mailed link was used in its time, and once: one change for each (I26)': `
    insert into one_time_tokens (purpose, user_id, email, secret_hash, expires_at, used_at)
    select 'invitation', id, 'one@shop.example', sha256('x'), now() + interval '1 day', now() from users limit 1`,
  'every action is one that the contract names': `${unlocked} update audit_events set action = 'ticket.vanished'`,
  'no secret is in the audit log': `${unlocked} update audit_events set before = '{}', after = after || '{"password_hash": "x"}'`,
  'an audit event is in the chain, or waits for that': `${unlocked} delete from audit_events where id = (select min(event_id) from audit_chain)`,
  'the chain of audit events has no gaps': `${unlocked} delete from audit_chain where position = 2`,
  'each hash of the chain is made of its event and the hash before it': `${unlocked} update audit_events set actor_id = 7 where id = (select max(event_id) from audit_chain)`,
  'a family has at most one refresh token that works, and none outlives its grant (I27)': `${aGrant}
    drop index oauth_tokens_one_live_refresh_token;
    insert into oauth_tokens (kind, secret_hash, client_id, grant_id, scopes, sealed, expires_at)
    select 'RefreshToken', sha256(number::text::bytea), client_id, id, '{}', '', now() + interval '1 day'
    from oauth_grants, generate_series(1, 2) as number`,
  'a client that acts on its own has a service user with its name and role': `
    insert into oauth_clients (client_id, name, grant_types, role, scopes, user_id)
    select 'breached', 'x', '{authorization_code}', 'admin', '{}', id from users limit 1`,
  'who is disabled has no grant, but where a test has gone round the application (I24)': `${aGrant}
    update users set disabled_at = now() where id = (select user_id from oauth_grants);
    ${event('user.disabled')} select user_id from oauth_grants) as named (user_id)`,
  'nobody was told of more than was said': `insert into notices (ticket_id, side, told) select id, 'customer', posts_made + 1 from tickets limit 1`,
  'times never go back': `update customers set updated_at = created_at - interval '1 second'`,
}

test.each(Object.entries(invariants))('%s: a breach is seen', async (rule, look) => {
  await given.request({ status: 'COMPLETED' })
  await given.request()
  await relay(ctx.db)
  const client = await pool.connect()
  try {
    await client.query('begin')
    expect((await client.query(look)).rows).toEqual([])
    await client.query(breaks[rule] ?? '')
    expect((await client.query(look)).rows).not.toEqual([])
  } finally {
    await client.query('rollback')
    client.release()
  }
})

test('I34: an attachment without its file, or with another one, is seen', async () => {
  const { attachments } = await given.attached(await given.operator(), {
    ticket_id: (await given.request()).id,
  })
  expect(await filesOutOfPlace(ctx)).toEqual([])
  const [row] = await rows<{ key: string }>('select key from attachment_files')
  const [name, id] = [row?.key ?? '', attachments[0]?.id]
  const bytes = (await fileBytes(ctx.files, name)) ?? Buffer.alloc(0)
  await ctx.files.put(name, Buffer.from('another one'))
  expect(await filesOutOfPlace(ctx)).toEqual([expect.stringContaining(`attachment ${id}: ${name} is `)])
  await ctx.files.delete(name)
  expect(await filesOutOfPlace(ctx)).toEqual([`attachment ${id}: ${name} is absent`])
  await ctx.files.put(name, bytes)
  expect(await filesOutOfPlace(ctx)).toEqual([])
})

test('I34: a photo without its file, with another file, and a file without its photo are seen', async () => {
  const { id } = await given.photographed()
  expect(await filesOutOfPlace(ctx)).toEqual([])
  const [row] = await rows<{ photo_key: string }>('select photo_key from customers where id = $1', [id])
  const name = `${row?.photo_key}-small.webp`
  const bytes = (await fileBytes(ctx.files, name)) ?? Buffer.alloc(0)
  await ctx.files.put(name, Buffer.from('another one'))
  expect(await filesOutOfPlace(ctx)).toEqual([
    `${name} is no WebP`,
    expect.stringContaining(`customer ${id}: ${name} is `),
  ])
  await ctx.files.delete(name)
  expect(await filesOutOfPlace(ctx)).toEqual([`customer ${id}: ${name} is absent`])
  await ctx.files.put(name, bytes)
  await ctx.files.put('stray', bytes)
  expect(await filesOutOfPlace(ctx)).toEqual([])
  const anHourLater = { ...ctx, clock: () => ctx.clock() + 3_700_000 }
  expect(await filesOutOfPlace(anHourLater)).toEqual([`stray is nobody's`])
})
