// What a test needs to be there already. Only the facts that matter to the test are named; the rest is made up.
import type { Client, Customer, Post, Request, Role, TicketStatus, User } from '../../contract/index.ts'
import { hash } from '@node-rs/argon2'
import { hashSecret, newSecret } from '../../server/credentials/secrets.ts'
import type { Actor, Context } from '../../server/context.ts'
import { customers, photos } from '../../server/customers/index.ts'
import { clients } from '../../server/oauth/index.ts'
import { attachments, posts, requests } from '../../server/tickets/index.ts'
import { users } from '../../server/users/index.ts'
import { picture } from './photos.ts'

export interface TestUser {
  readonly id: number
  readonly role: Role
  readonly username: string
  readonly token: string
}

export interface Given {
  /** A user who can sign in by token, and by password when one is given. */
  user(facts?: {
    role?: Role
    username?: string
    password?: string
    passwordHash?: string
  }): Promise<TestUser>
  operator(): Promise<TestUser>
  operators(count: number): Promise<TestUser[]>
  admin(): Promise<TestUser>
  /** A user who can be mailed to: without a password one who was sent a link to choose it. */
  invited(password?: string): Promise<User>
  /** A link with this secret, as if it had been mailed to somebody. */
  mailedLink(
    purpose: 'invitation' | 'password_reset' | 'email_change',
    secret: string,
    user?: { readonly id: number },
  ): Promise<void>
  customer(
    facts?: Partial<
      Pick<Customer, 'first_name' | 'last_name' | 'phone' | 'email' | 'company' | 'external_id'>
    >,
  ): Promise<Customer>
  /** A customer who has had a photo from the beginning. */
  photographed(): Promise<Customer>
  /** A program that may act for users. */
  client(): Promise<Client>
  /** A browser in which this user is signed in, as the number of its session. */
  session(user: { readonly id: number }): Promise<{ id: number }>
  /** A grant of this user to a client of its own. */
  grant(user: { readonly id: number }): Promise<{ id: number }>
  /** The number of the customer that this user is. */
  own(user: { readonly id: number }): Promise<number>
  /** A post in a ticket's thread, written by this user. */
  post(user: TestUser, facts: { ticket_id: number; message?: string; internal?: boolean }): Promise<Post>
  /** The same, with a text as its attachment. */
  attached(user: TestUser, facts: { ticket_id: number; internal?: boolean }): Promise<Post>
  /** A request that got to its state by the moves that lead there. */
  request(facts?: {
    status?: TicketStatus
    customer_id?: number
    body?: string
    subject?: string
    archived?: boolean
  }): Promise<Request>
}

const system: Actor = { user_id: null, credential: null, scopes: null, role: 'admin', request_id: 'given' }

export function givenIn(ctx: Context): Given {
  let serial = 0
  const given: Given = {
    async user({ role = 'customer', username = `user-${(serial += 1)}`, password, passwordHash } = {}) {
      // Cheap to make and to check: most tests are not about the hash.
      const cheap = { memoryCost: 64, timeCost: 1, parallelism: 1 }
      const hashed = passwordHash ?? (password === undefined ? null : await hash(password, cheap))
      const token = newSecret('token')
      const { rows } = await ctx.db.query({
        text: `with made as (insert into users (username, role, password_hash, first_name, last_name) values ($1, $2, $3, 'Test', 'User') returning *),
                 audited as (insert into audit_events (actor_role, action, record_type, record_id, after, request_id)
                   select 'given', 'user.created', 'user', id, to_jsonb(made) - 'password_hash', 'given' from made),
                 tokened as (insert into tokens (user_id, secret_hash, expires_at) select id, $4, now() + interval '1 hour' from made)
               select id from made`,
        values: [username, role, hashed, hashSecret(token)],
      })
      return { id: (rows[0] as { id: number }).id, role, username, token }
    },
    operator: () => given.user({ role: 'operator' }),
    operators: (count) => Promise.all(Array.from({ length: count }, () => given.operator())),
    admin: () => given.user({ role: 'admin' }),
    async mailedLink(purpose, secret, user) {
      const { id } =
        user ?? (await given.invited(purpose === 'invitation' ? undefined : 'keep-yourself-warm'))
      await ctx.db.query({
        text: `insert into one_time_tokens (purpose, user_id, email, secret_hash, expires_at)
               select $1, id, coalesce(email, 'user-' || id || '@shop.example'), $2, now() + interval '30 minutes' from users where id = $3`,
        values: [purpose, hashSecret(secret), id],
      })
    },
    async invited(password) {
      const username = `invited-${(serial += 1)}`
      const names = { first_name: 'Test', last_name: 'User' }
      const secret = password === undefined ? {} : { password }
      const user = {
        username,
        email: `${username}@shop.example`,
        role: 'operator' as const,
        ...names,
        ...secret,
      }
      return users.create(ctx, system, user, await users.firstPasswordOf(ctx, user))
    },
    customer: (facts = {}) =>
      customers.create(ctx, system, { first_name: 'Ed', last_name: `Stark ${(serial += 1)}`, ...facts }),
    async photographed() {
      const photo = await photos.store(ctx, { bytes: await picture(), type: 'image/png' })
      return customers.create(ctx, system, { first_name: 'Ed', last_name: `Stark ${(serial += 1)}` }, photo)
    },
    client: () =>
      clients.create(ctx, system, {
        name: `Invoices ${(serial += 1)}`,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['https://invoices.example/callback'],
        role: 'operator',
        scopes: ['customers:read'],
      }),
    async session(user) {
      const { rows } = await ctx.db.query({
        text: `insert into sessions (user_id, secret_hash, expires_at)
               values ($1, sha256(gen_random_uuid()::text::bytea), now() + interval '1 day') returning id`,
        values: [user.id],
      })
      return rows[0] as { id: number }
    },
    async grant(user) {
      const client = await given.client()
      const { rows } = await ctx.db.query({
        text: `with made as (
                 insert into oauth_grants (key, client_id, user_id, scopes, expires_at)
                 values (gen_random_uuid()::text, $1, $2, '{customers:read}', now() + interval '1 day') returning *
               ), audited as (
                 insert into audit_events (actor_role, action, record_type, record_id, after, request_id)
                 select 'given', 'grant.created', 'grant', id, to_jsonb(made), 'given' from made
               ) select id from made`,
        values: [client.id, user.id],
      })
      return rows[0] as { id: number }
    },
    async own(user) {
      const own = await given.customer()
      await ctx.db.query({
        text: 'update customers set user_id = $1 where id = $2',
        values: [user.id, own.id],
      })
      return own.id
    },
    post: ({ id: user_id, role }, { ticket_id, message = 'It is cold here', internal = false }) =>
      posts.create(ctx, { ...system, user_id, role }, ticket_id, { message, internal }),
    async attached({ id: user_id, role }, { ticket_id, internal = false }) {
      const text = {
        bytes: Buffer.from('It is cold here, and getting colder.'),
        type: 'text/plain',
        name: 'winter.txt',
      }
      const stored = await attachments.store(ctx, [text], () => {})
      return posts.create(
        ctx,
        { ...system, user_id, role },
        ticket_id,
        { message: 'See here', internal },
        stored,
      )
    },
    async request({
      status = 'PENDING',
      customer_id,
      body = 'Winter is coming',
      subject,
      archived = false,
    } = {}) {
      const customer = customer_id ?? (await given.customer()).id
      const { id } = await requests.create(ctx, system, customer, {
        body,
        ...(subject === undefined ? {} : { subject }),
      })
      if (status !== 'PENDING') await requests.assign(ctx, system, id, (await given.operator()).id)
      if (status === 'COMPLETED' || status === 'REJECTED') {
        await requests.close(ctx, system, id, { status, resolution_comment: 'Keep yourself warm' })
      }
      if (archived) await requests.archive(ctx, system, id)
      return requests.get(ctx, id)
    },
  }
  return given
}
