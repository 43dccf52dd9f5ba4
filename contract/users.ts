// Users: the accounts that admins administer (brief 001).
import { Type, type Static } from 'typebox'
import { password, username } from './auth.ts'
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
  soughtText,
  text,
  timestamp,
} from './schema.ts'

const tags = ['Users'] as const

export const userStatuses = ['active', 'invited', 'no_login', 'disabled'] as const
export type UserStatus = (typeof userStatuses)[number]

const role = oneOf(roles, 'What they may do: each role may do all that the one before it may.', 'operator')
const emailOf = email('E-mail address; unique among users, whatever its case.', 'jon@winterfell.example')
const names = {
  first_name: text(100, 'Given name.', 'Jon'),
  last_name: text(100, 'Family name.', 'Snow'),
}

const absentNow = (description: string) => nullable({ ...timestamp(description), examples: [null] })

export const User = object(
  {
    id: id('Number of the user.'),
    username: nullable({ ...username, examples: ['jon'] }),
    email: nullable(emailOf),
    email_verified: Type.Boolean({
      description: 'True where they have shown that mail to this address reaches them.',
      examples: [false],
    }),
    first_name: Type.String({ description: 'Given name.', examples: ['Jon'] }),
    last_name: Type.String({ description: 'Family name.', examples: ['Snow'] }),
    role,
    status: oneOf(
      userStatuses,
      'invited: they were sent a link to choose a password, and have none yet. no_login: a colleague who has no password and was not invited.',
    ),
    invited_at: absentNow('When they were last invited; null where they were not.'),
    disabled_at: absentNow('Since when they cannot sign in; null while they can.'),
    ...recordFields,
  },
  { $id: 'User', description: 'An account, or a colleague without a login yet. Never its password.' },
)
export type User = Static<typeof User>

const fields = { username: { ...username, examples: ['jon'] }, email: nullable(emailOf), ...names, role }

const NewUser = object(
  {
    ...fields,
    email: Type.Optional(fields.email),
    password: Type.Optional(password('Their first password. Without one they are invited by mail.')),
  },
  { $id: 'NewUser', description: 'A user to be. Without a password they need an e-mail address.' },
)

const UserChanges = changes(fields, {
  $id: 'UserChanges',
  description: 'The fields to change; null empties the e-mail address.',
})

const params = object({ id: id('Number of the user.') })

const taken = 'Another user has this username or e-mail address; `conflicts_with` names them.'

export const createUser = {
  method: 'POST',
  url: '/api/v1/users',
  config: { access: 'admin', scope: 'users:write', recent: true, conflict: taken },
  schema: {
    operationId: 'createUser',
    summary: 'Create a user',
    description:
      'With a password they can sign in at once, and a link that proves their e-mail address is mailed. Without one they are sent a link, good for 72 hours and one use, to choose it.',
    tags,
    body: NewUser,
    response: { 201: User },
  },
} as const satisfies Endpoint

export const listUsers = {
  method: 'GET',
  url: '/api/v1/users',
  config: { access: 'admin', scope: 'users:read' },
  schema: {
    operationId: 'listUsers',
    summary: 'List users',
    description: 'Newest first, disabled ones too. Filters combine.',
    tags,
    querystring: listQuery(
      {
        username: Type.Optional(text(150, 'Username, whole, in any case.', 'jon')),
        email: Type.Optional(text(254, 'E-mail address, whole, in any case.', 'jon@winterfell.example')),
        role: Type.Optional(oneOf(roles, 'Only this role.', 'operator')),
        status: Type.Optional(oneOf(userStatuses, 'Only this status.')),
        q: Type.Optional(
          soughtText(
            'Part of a name, username or e-mail address; one or two letters match how a word begins.',
            'sno',
          ),
        ),
      },
      ['created', 'updated'],
    ),
    response: { 200: pageOf(User) },
  },
} as const satisfies Endpoint

export const getUser = {
  method: 'GET',
  url: '/api/v1/users/:id',
  config: { access: 'admin', scope: 'users:read' },
  schema: {
    operationId: 'getUser',
    summary: 'Read a user',
    description: 'Disabled users are readable too; `status` tells.',
    tags,
    params,
    response: { 200: User },
  },
} as const satisfies Endpoint

export const updateUser = {
  method: 'PATCH',
  url: '/api/v1/users/:id',
  config: {
    access: 'admin',
    scope: 'users:write',
    recent: true,
    changes: 'user',
    conflict: `${taken} Or the role is your own, or that of the last active admin.`,
  },
  schema: {
    operationId: 'updateUser',
    summary: 'Change a user',
    description:
      'Only the fields given change. Nobody changes their own role, and one active admin always stays. A new e-mail address is not verified, and links mailed to the old one work no more.',
    tags,
    params,
    body: UserChanges,
    response: { 200: User },
  },
} as const satisfies Endpoint

export const disableUser = {
  method: 'DELETE',
  url: '/api/v1/users/:id',
  config: {
    access: 'admin',
    scope: 'users:write',
    recent: true,
    changes: 'user',
    conflict: 'The user is yourself, or the last active admin.',
  },
  schema: {
    operationId: 'disableUser',
    summary: 'Disable a user',
    description:
      'They cannot sign in any more, and all that lets them in ends within a second: tokens, sessions, streams. Nothing is erased: what they did stays theirs. Repeating it changes nothing.',
    tags,
    params,
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const signOutUser = {
  method: 'DELETE',
  url: '/api/v1/users/:id/sessions',
  config: { access: 'admin', scope: 'users:write', recent: true },
  schema: {
    operationId: 'signOutUser',
    summary: 'Sign a user out everywhere',
    description:
      'Ends their sessions, tokens and grants within a second, as when a device was lost. They can sign in again.',
    tags,
    params,
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const enableUser = {
  method: 'POST',
  url: '/api/v1/users/:id/enable',
  config: { access: 'admin', scope: 'users:write', recent: true, changes: 'user' },
  schema: {
    operationId: 'enableUser',
    summary: 'Enable a disabled user',
    description:
      'They can sign in again, with the password that they had. One who is not disabled is answered as they are.',
    tags,
    params,
    response: { 200: User },
  },
} as const satisfies Endpoint

export const inviteUser = {
  method: 'POST',
  url: '/api/v1/users/:id/invitation',
  config: {
    access: 'admin',
    scope: 'users:write',
    recent: true,
    changes: 'user',
    conflict: 'They have a password already, are disabled, or lack a username or an e-mail address.',
  },
  schema: {
    operationId: 'inviteUser',
    summary: 'Invite a user without a password',
    description:
      'Mails them a link, good for 72 hours and one use, to choose a password. A link from before works no more.',
    tags,
    params,
    response: { 200: User },
  },
} as const satisfies Endpoint
