// Signing in: trading a password for a token or a session, one's own account, what lets one in, and the first admin.
import { Type, type Static } from 'typebox'
import type { Endpoint } from './endpoint.ts'
import { roles } from './roles.ts'
import {
  changes,
  email,
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

const tags = ['Signing in'] as const

export const usernamePattern = '^[\\p{L}\\p{N}@.+_-]+$'

export const username = Type.String({
  maxLength: 150,
  pattern: usernamePattern,
  description: 'Name to sign in with: letters, digits and @ . + - _; unique whatever its case.',
  examples: ['admin'],
})

/** Length is judged by PASSWORD_MIN_LENGTH and strength by a list of common passwords, when one is chosen. */
export const password = (description: string) =>
  Type.String({ minLength: 1, maxLength: 256, description, examples: ['keep-yourself-warm'] })

const token = Type.String({
  description: 'The token; send it as `Authorization: Bearer <token>`. It is shown only here.',
  examples: ['fdt_kGy3zH0pXo0dP2vM1b6YfJ8nQ4sT7uW9xZ5aC3eR1g'],
})

const Credentials = object(
  { username, password: password('Their password.') },
  { $id: 'Credentials', description: 'Username and password.' },
)

const wrongPassword = 'Username or password is wrong.'

export const createToken = {
  method: 'POST',
  url: '/api/v1/token',
  bodyLimit: 8 * 1024,
  config: { access: 'anyone', limited: true, unauthorized: wrongPassword },
  schema: {
    operationId: 'createToken',
    summary: 'Sign in',
    description:
      'Trades username and password for a token. An unknown user and a wrong password get the same 401.',
    tags,
    body: Credentials,
    response: { 200: object({ token }, { $id: 'NewToken', description: 'A fresh token.' }) },
  },
} as const satisfies Endpoint

const notifications = Type.Boolean({
  description: 'Whether mails come when there is something new in a ticket of theirs.',
  examples: [true],
})

export const Me = object(
  {
    id: id('Number of the user.'),
    username: nullable(username),
    email: nullable(email('E-mail address.')),
    email_verified: Type.Boolean({
      description:
        'True where you have shown that mail to this address reaches you. Without that no mails about tickets are sent to it.',
      examples: [true],
    }),
    first_name: Type.String({ description: 'Given name.', examples: ['Jennie'] }),
    last_name: Type.String({ description: 'Family name.', examples: ['Lanister'] }),
    role: oneOf(roles, 'What they may do: each role may do all that the one before it may.'),
    notifications,
    ...recordFields,
  },
  { $id: 'Me', description: 'The account that is signed in.' },
)
export type Me = Static<typeof Me>

export const NewSession = object(
  {
    user_id: id('Number of the user.'),
    role: oneOf(roles, 'What they may do.'),
    expires_at: timestamp('When the session ends at the latest.'),
  },
  { $id: 'NewSession', description: 'Who this browser is signed in as. What lets it in is in the cookie.' },
)
export type NewSession = Static<typeof NewSession>

export const createSession = {
  method: 'POST',
  url: '/api/v1/session',
  bodyLimit: 8 * 1024,
  config: { access: 'anyone', limited: true, ownPage: true, unauthorized: wrongPassword },
  schema: {
    operationId: 'createSession',
    summary: 'Sign this browser in',
    description:
      'For pages of Frontdesk itself: answers a cookie that no script can read. It ends after 12 hours without use, and after 14 days in any case. Programs take a token instead.',
    tags,
    body: Credentials,
    response: { 200: NewSession },
  },
} as const satisfies Endpoint

export const deleteSession = {
  method: 'DELETE',
  url: '/api/v1/session',
  config: { access: 'customer' },
  schema: {
    operationId: 'deleteSession',
    summary: 'Sign out',
    description: 'Ends what this very call was let in with: the session of a browser, or the token.',
    tags,
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const getMe = {
  method: 'GET',
  url: '/api/v1/me',
  config: { access: 'customer', scope: 'account:read' },
  schema: {
    operationId: 'getMe',
    summary: 'Read my account',
    description: 'Who the credentials of this call belong to.',
    tags,
    response: { 200: Me },
  },
} as const satisfies Endpoint

export const updateMe = {
  method: 'PATCH',
  url: '/api/v1/me',
  config: {
    access: 'customer',
    scope: 'account:write',
    changes: 'me',
    conflict: 'It is a client that acts on its own, whose name an admin changes.',
  },
  schema: {
    operationId: 'updateMe',
    summary: 'Change my name or my notifications',
    description: 'The role and everything else about an account is changed by an admin.',
    tags,
    body: changes(
      {
        first_name: text(100, 'Given name.', 'Jennie'),
        last_name: text(100, 'Family name.', 'Lanister'),
        notifications,
      },
      { $id: 'MyChanges', description: 'The fields to change.' },
    ),
    response: { 200: Me },
  },
} as const satisfies Endpoint

export const changeMyPassword = {
  method: 'POST',
  url: '/api/v1/me/password',
  bodyLimit: 8 * 1024,
  config: { access: 'customer', changes: 'me', limited: true },
  schema: {
    operationId: 'changeMyPassword',
    summary: 'Change my password',
    description:
      'Asks for the current one again. All my other tokens, sessions and grants end at once; what this call was let in with stays.',
    tags,
    body: object(
      {
        current_password: password('The password so far.'),
        new_password: password('The password from now on.'),
      },
      { $id: 'PasswordChange', description: 'The old and the new password.' },
    ),
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const reauthenticateMe = {
  method: 'POST',
  url: '/api/v1/me/reauthentication',
  bodyLimit: 8 * 1024,
  config: { access: 'customer', limited: true },
  schema: {
    operationId: 'reauthenticateMe',
    summary: 'Show my password again',
    description:
      'What is dangerous answers 401 `reauthentication_required` when the password was shown more than ten minutes ago. After this it works again, with the same session or token.',
    tags,
    body: object(
      { password: password('My password.') },
      { $id: 'Reauthentication', description: 'The password, once more.' },
    ),
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const signOutEverywhere = {
  method: 'DELETE',
  url: '/api/v1/me/sessions',
  config: { access: 'customer' },
  schema: {
    operationId: 'signOutEverywhere',
    summary: 'Sign out everywhere',
    description:
      'Ends every session, token and grant of my account within a second, what this call was let in with too.',
    tags,
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const Session = object(
  {
    id: id('Number of the session.'),
    created_at: timestamp('When the browser signed in.'),
    last_seen_at: timestamp('When it was last used, to the minute.'),
    expires_at: timestamp('When it ends at the latest.'),
    user_agent: nullable(
      Type.String({
        description: 'What the browser called itself.',
        examples: ['Mozilla/5.0 (X11; Linux x86_64)'],
      }),
    ),
    address: nullable(Type.String({ description: 'Where it signed in from.', examples: ['192.0.2.7'] })),
    current: Type.Boolean({ description: 'True for the session of this very call.', examples: [true] }),
  },
  { $id: 'Session', description: 'A browser that is signed in.' },
)
export type Session = Static<typeof Session>

export const listMySessions = {
  method: 'GET',
  url: '/api/v1/me/sessions',
  config: { access: 'customer' },
  schema: {
    operationId: 'listMySessions',
    summary: 'List my sessions',
    description: 'The browsers that are signed in to my account, newest first.',
    tags,
    querystring: listQuery({}, ['created']),
    response: { 200: pageOf(Session) },
  },
} as const satisfies Endpoint

export const endMySession = {
  method: 'DELETE',
  url: '/api/v1/me/sessions/:id',
  config: { access: 'customer' },
  schema: {
    operationId: 'endMySession',
    summary: 'End one of my sessions',
    description: 'That browser is signed out within a second.',
    tags,
    params: object({ id: id('Number of the session.') }),
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const Token = object(
  {
    id: id('Number of the token.'),
    created_at: timestamp('When it was made.'),
    expires_at: timestamp('When it stops working.'),
    current: Type.Boolean({ description: 'True for the token of this very call.', examples: [true] }),
  },
  {
    $id: 'Token',
    description: 'A token that works now; the secret itself is shown only once, when it is made.',
  },
)
export type Token = Static<typeof Token>

export const listMyTokens = {
  method: 'GET',
  url: '/api/v1/me/tokens',
  config: { access: 'customer' },
  schema: {
    operationId: 'listMyTokens',
    summary: 'List my tokens',
    description: 'The tokens of my account that work now, newest first.',
    tags,
    querystring: listQuery({}, ['created']),
    response: { 200: pageOf(Token) },
  },
} as const satisfies Endpoint

export const revokeMyToken = {
  method: 'DELETE',
  url: '/api/v1/me/tokens/:id',
  config: { access: 'customer' },
  schema: {
    operationId: 'revokeMyToken',
    summary: 'Revoke one of my tokens',
    description: 'It stops working everywhere within a second.',
    tags,
    params: object({ id: id('Number of the token.') }),
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const setUp = {
  method: 'POST',
  url: '/api/v1/setup',
  bodyLimit: 8 * 1024,
  config: {
    access: 'anyone',
    absent: 'The link is used up, expired or unknown, or an admin exists already.',
  },
  schema: {
    operationId: 'setUp',
    summary: 'Make the first admin',
    description:
      'Works once, with the token of the link that the first start prints, while no admin exists; 404 otherwise.',
    tags,
    body: object(
      {
        token: Type.String({
          minLength: 1,
          maxLength: 100,
          description: 'The token from the set-up link.',
          examples: ['fds_…'],
        }),
        username,
        password: password('The new password.'),
        email: Type.Optional(email('Where a forgotten password can be replaced from.', 'admin@shop.example')),
        first_name: Type.Optional(text(100, 'Given name.', 'Jennie')),
        last_name: Type.Optional(text(100, 'Family name.', 'Lanister')),
      },
      { $id: 'SetUp', description: 'The first admin.' },
    ),
    response: { 201: Me },
  },
} as const satisfies Endpoint
