// What is done by a link in a mail: a forgotten password, an invitation, a new e-mail address. The secret of each works once.
import { Type } from 'typebox'
import { password } from './auth.ts'
import type { Endpoint } from './endpoint.ts'
import { email, nothing, object } from './schema.ts'

const tags = ['Signing in'] as const
const bodyLimit = 8 * 1024

const token = (example: string) =>
  Type.String({ maxLength: 200, description: 'What stands behind the # of the link.', examples: [example] })

const refused = 'A link that is unknown, used, replaced or too old is 400, always the same.'

const Mailed = object(
  {},
  { $id: 'Mailed', description: 'A mail is on its way, if there is somebody to get it.' },
)

export const forgotPassword = {
  method: 'POST',
  url: '/api/v1/password/forgot',
  bodyLimit,
  config: { access: 'anyone', limited: true },
  schema: {
    operationId: 'forgotPassword',
    summary: 'Ask for a new password',
    description:
      'Mails a link, good for 30 minutes and one use, to the active user with this e-mail address. The answer is the same whether there is one or not.',
    tags,
    body: object(
      { email: email('The e-mail address of the account.', 'jon@winterfell.example') },
      { $id: 'ForgottenPassword', description: 'Whose password it is.' },
    ),
    response: { 202: Mailed },
  },
} as const satisfies Endpoint

export const resetPassword = {
  method: 'POST',
  url: '/api/v1/password/reset',
  bodyLimit,
  config: { access: 'anyone', limited: true },
  schema: {
    operationId: 'resetPassword',
    summary: 'Set a new password by a mailed link',
    description: `All that let the user in before ends: tokens, sessions, other links. ${refused} A password that is refused does not use it up.`,
    tags,
    body: object(
      {
        token: token('fdm_reset0pXo0dP2vM1b6YfJ8nQ4sT7uW9xZ5aC3eR1g'),
        password: password('The new password.'),
      },
      { $id: 'PasswordReset', description: 'The link, and the new password.' },
    ),
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const acceptInvitation = {
  method: 'POST',
  url: '/api/v1/invitations/accept',
  bodyLimit,
  config: { access: 'anyone', limited: true },
  schema: {
    operationId: 'acceptInvitation',
    summary: 'Accept an invitation',
    description: `Chooses the first password of a user who was invited; from then on they can sign in. ${refused} A password that is refused does not use it up.`,
    tags,
    body: object(
      {
        token: token('fdm_accept0Xo0dP2vM1b6YfJ8nQ4sT7uW9xZ5aC3eR1'),
        password: password('The password to sign in with.'),
      },
      { $id: 'AcceptedInvitation', description: 'The link, and the first password.' },
    ),
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const changeMyEmail = {
  method: 'POST',
  url: '/api/v1/me/email',
  bodyLimit,
  config: { access: 'customer', recent: true, limited: true },
  schema: {
    operationId: 'changeMyEmail',
    summary: 'Change my e-mail address',
    description:
      'Mails a link, good for 30 minutes and one use, to the new address; until it is followed nothing changes. The old address is told. The answer is the same where another user has the address.',
    tags,
    body: object(
      { email: email('The new address.', 'admin@winterfell.example') },
      { $id: 'EmailChange', description: 'Where mail is to go from now on.' },
    ),
    response: { 202: Mailed },
  },
} as const satisfies Endpoint

export const confirmEmail = {
  method: 'POST',
  url: '/api/v1/email/confirm',
  bodyLimit,
  config: {
    access: 'customer',
    limited: true,
    conflict: 'Another user has got this e-mail address meanwhile.',
  },
  schema: {
    operationId: 'confirmEmail',
    summary: 'Confirm a new e-mail address by a mailed link',
    description: `From then on it is the caller's address, and verified. Only they can confirm it: who reads the mail may be somebody else than who asked for it. ${refused}`,
    tags,
    body: object(
      { token: token('fdm_confirm0Xo0dP2vM1b6YfJ8nQ4sT7uW9xZ5aC3eR') },
      { $id: 'EmailConfirmation', description: 'The link.' },
    ),
    response: { 204: nothing },
  },
} as const satisfies Endpoint
