// Clients: programs that act for users, or on their own, by OAuth 2.1 and OpenID Connect; and what a user has allowed them. The
// protocol itself is not here: it is served under /oauth, as its standards say.
import { Type, type Static } from 'typebox'
import type { Endpoint } from './endpoint.ts'
import { type Role, roles } from './roles.ts'
import {
  changes,
  id,
  listQuery,
  nothing,
  nullable,
  object,
  oneOf,
  pageOf,
  recordFields,
  text,
  timestamp,
} from './schema.ts'
import { type Scope, scopeNames } from './scopes.ts'

const tags = ['OAuth'] as const

/** How a client may come by tokens. */
export const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'password',
] as const
export type GrantType = (typeof grantTypes)[number]

/** Beside the scopes of the API: what OpenID Connect lets a client know of who signed in, and that it may stay. */
export const signInScopes = {
  openid: 'Know who you are here',
  profile: 'See your name and your username',
  email: 'See your e-mail address',
  offline_access: 'Stay connected while you are away',
} as const

const scopesOf = (description: string) =>
  Type.Array(Type.Unsafe<Scope>({ type: 'string', enum: scopeNames }), {
    uniqueItems: true,
    maxItems: scopeNames.length,
    description,
    examples: [['customers:read', 'tickets:read']],
  })

const fields = {
  name: text(100, 'What people know it by; the page that asks for their consent shows it.', 'Invoices'),
  grant_types: Type.Array(Type.Unsafe<GrantType>({ type: 'string', enum: [...grantTypes] }), {
    minItems: 1,
    maxItems: grantTypes.length,
    uniqueItems: true,
    description:
      'How it may come by tokens. `password` is for first-party clients, where the configuration allows it.',
    examples: [['authorization_code', 'refresh_token']],
  }),
  redirect_uris: Type.Array(
    Type.String({ minLength: 1, maxLength: 500, examples: ['https://invoices.example/callback'] }),
    {
      maxItems: 20,
      uniqueItems: true,
      description:
        'Where browsers are sent back to: `https`, `http` on this machine’s own address, or a scheme of an app’s own such as `com.example.app:/callback`. Compared to the letter; an address of the own machine without a port stands for every port.',
      examples: [['https://invoices.example/callback']],
    },
  ),
  role: Type.Unsafe<Role>(
    oneOf(roles, 'The most that it may do: of this role and the user’s the lesser one counts.', 'operator'),
  ),
  scopes: scopesOf(
    'What it may ask for of the API. `openid`, `profile`, `email` and `offline_access` are not registered: every client that acts for users may ask for them.',
  ),
  first_party: Type.Boolean({
    description: 'True for our own programs: only such may use the `password` grant.',
    examples: [false],
  }),
}

export const Client = object(
  {
    ...fields,
    id: id('Number of the client.'),
    client_id: Type.String({
      description: 'What it calls itself in the protocol.',
      examples: ['1f9d5c5e-58b4-4d0c-9a53-6b2f6b3c2f10'],
    }),
    client_secret: Type.Optional(
      Type.String({
        description: 'What it proves itself with. Only in the answer that made it: it cannot be shown again.',
        examples: ['fdc_kGy3zH0pXo0dP2vM1b6YfJ8nQ4sT7uW9xZ5aC3eR1g'],
      }),
    ),
    confidential: Type.Boolean({
      description: 'Whether it can keep a secret; a program in a browser or on a phone cannot.',
      examples: [true],
    }),
    user_id: nullable({
      ...id(
        'Number of its service user: who it is when it acts on its own. Null unless it may (`client_credentials`).',
      ),
      examples: [7],
    }),
    ...recordFields,
  },
  {
    $id: 'Client',
    description: 'A program that acts for users, or on its own.',
  },
)
export type Client = Static<typeof Client>

export const createClient = {
  method: 'POST',
  url: '/api/v1/oauth/clients',
  config: { access: 'admin', recent: true, answersSecret: true },
  schema: {
    operationId: 'createClient',
    summary: 'Register a client',
    description:
      'Answers its `client_id` and, this once, its `client_secret`. To act on its own (`client_credentials`) it gets a service user with its role.',
    tags,
    body: object(
      {
        ...fields,
        confidential: Type.Optional(
          Type.Boolean({
            default: true,
            description: 'False for a program that cannot keep a secret; it is told apart by PKCE alone.',
            examples: [true],
          }),
        ),
        first_party: Type.Optional({ ...fields.first_party, default: false }),
      },
      { $id: 'NewClient', description: 'A client to be registered.' },
    ),
    response: { 201: Client },
  },
} as const satisfies Endpoint

export const listClients = {
  method: 'GET',
  url: '/api/v1/oauth/clients',
  config: { access: 'admin' },
  schema: {
    operationId: 'listClients',
    summary: 'List clients',
    description: 'All that are registered, newest first.',
    tags,
    querystring: listQuery({}, ['created']),
    response: { 200: pageOf(Client) },
  },
} as const satisfies Endpoint

const params = object({ id: id('Number of the client.') })

export const getClient = {
  method: 'GET',
  url: '/api/v1/oauth/clients/:id',
  config: { access: 'admin' },
  schema: {
    operationId: 'getClient',
    summary: 'Read a client',
    description: 'Its secret is not among what is answered.',
    tags,
    params,
    response: { 200: Client },
  },
} as const satisfies Endpoint

const builtIn = 'The client comes with Frontdesk (`frontdesk-docs`): it cannot be changed or deleted.'

export const updateClient = {
  method: 'PATCH',
  url: '/api/v1/oauth/clients/:id',
  config: { access: 'admin', recent: true, changes: 'client', conflict: builtIn },
  schema: {
    operationId: 'updateClient',
    summary: 'Change a client',
    description:
      'Only the fields given change. A role or scope that is taken away is gone at once, from the tokens that it has, too.',
    tags,
    params,
    body: changes(fields, { $id: 'ClientChanges', description: 'The fields to change.' }),
    response: { 200: Client },
  },
} as const satisfies Endpoint

export const rotateClientSecret = {
  method: 'POST',
  url: '/api/v1/oauth/clients/:id/secret',
  config: {
    access: 'admin',
    recent: true,
    changes: 'client',
    answersSecret: true,
    conflict: 'The client is public: it has no secret.',
  },
  schema: {
    operationId: 'rotateClientSecret',
    summary: 'Give a client a new secret',
    description: 'The old one ends at once. Answers the new one, this once.',
    tags,
    params,
    response: { 200: Client },
  },
} as const satisfies Endpoint

export const deleteClient = {
  method: 'DELETE',
  url: '/api/v1/oauth/clients/:id',
  config: { access: 'admin', recent: true, changes: 'client', conflict: builtIn },
  schema: {
    operationId: 'deleteClient',
    summary: 'Delete a client',
    description:
      'All that it was granted, and all its tokens, end within a second. The audit log keeps that it was.',
    tags,
    params,
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const Grant = object(
  {
    id: id('Number of the grant.'),
    client_id: Type.String({
      description: 'Which client.',
      examples: ['1f9d5c5e-58b4-4d0c-9a53-6b2f6b3c2f10'],
    }),
    client_name: Type.String({ description: 'What it is called.', examples: ['Invoices'] }),
    scopes: Type.Array(Type.String(), {
      description: 'What it may do.',
      examples: [['openid', 'customers:read']],
    }),
    created_at: timestamp('When I allowed it.'),
    last_used_at: timestamp('When it last got a token by it.'),
    expires_at: timestamp('When it has to ask again.'),
  },
  { $id: 'Grant', description: 'What I allowed a client to do for me, in one sign-in with it.' },
)
export type Grant = Static<typeof Grant>

export const listMyGrants = {
  method: 'GET',
  url: '/api/v1/me/grants',
  config: { access: 'customer' },
  schema: {
    operationId: 'listMyGrants',
    summary: 'List what I allowed clients',
    description: 'What works now, newest first.',
    tags,
    querystring: listQuery({}, ['created']),
    response: { 200: pageOf(Grant) },
  },
} as const satisfies Endpoint

export const revokeMyGrant = {
  method: 'DELETE',
  url: '/api/v1/me/grants/:id',
  config: { access: 'customer' },
  schema: {
    operationId: 'revokeMyGrant',
    summary: 'Take back what I allowed a client',
    description: 'All tokens that came from it stop working within a second.',
    tags,
    params: object({ id: id('Number of the grant.') }),
    response: { 204: nothing },
  },
} as const satisfies Endpoint
