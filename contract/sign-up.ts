// Signing up: how somebody becomes a user without an admin's help (brief 004).
import { Type, type Static } from 'typebox'
import { password, username } from './auth.ts'
import type { Endpoint } from './endpoint.ts'
import { email, object } from './schema.ts'

/** Also in the brief's own words, of which JavaScript would take either for true. */
const isCustomerService = Type.Unsafe<boolean | 'True' | 'False'>({
  enum: [true, false, 'True', 'False'],
  description:
    'true, false, "True" or "False". True makes a colleague with the role operator, which only an admin may; false or left out, a customer.',
  examples: ['False'],
})

const account = {
  username: { ...username, examples: ['Lyly'] },
  first_name: Type.String({ maxLength: 100, description: 'Given name; may be empty.', examples: [''] }),
  last_name: Type.String({ maxLength: 100, description: 'Family name; may be empty.', examples: [''] }),
}

const address = (description: string) => email(description, 'lyly@yopmail.com')

const NewAccount = object(
  {
    username: account.username,
    first_name: Type.Optional(account.first_name),
    last_name: Type.Optional(account.last_name),
    email: address(
      'Where the link goes that proves the address to be theirs; a colleague has it before, too.',
    ),
    is_customer_service: Type.Optional(isCustomerService),
    password: password('The password to sign in with.'),
  },
  { $id: 'NewAccount', description: 'Who signs up.' },
)

export const Account = object(
  {
    ...account,
    email: address('The address as it was given.'),
    is_customer_service: Type.Boolean({ description: 'Whether it is a colleague.', examples: [false] }),
  },
  { $id: 'Account', description: 'Who has signed up. Never their password, nor anything made of it.' },
)
export type Account = Static<typeof Account>

export const signUp = {
  method: 'POST',
  url: '/api/v1/signup',
  bodyLimit: 8 * 1024,
  config: {
    access: 'anyone',
    caller: 'optional',
    limited: true,
    unauthorized:
      'Credentials that do not work; or an admin who makes a colleague showed the password more than ten minutes ago.',
    forbidden: 'Only an admin makes a colleague so; or nobody else may sign up here (`SIGN_UP=off`).',
    conflict: 'Another user has this username; or the e-mail address, where it is a colleague.',
  },
  schema: {
    operationId: 'signUp',
    summary: 'Sign up',
    description:
      'Makes a user with the role customer, who can sign in at once, and their customer record. A link is mailed to the address; only when it is followed the address is theirs, and what the shop knows of a customer with that address. The answer is the same whether anybody has the address or not. An admin may make a colleague so, too. An Idempotency-Key is not taken, since without credentials there is nobody to keep an answer for; sent again, the call makes nobody twice: 409, the username is taken.',
    tags: ['Signing in'],
    body: NewAccount,
    response: { 201: Account },
  },
} as const satisfies Endpoint
