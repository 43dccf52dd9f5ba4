// The users that the fuzzer speaks as, on a desk whose database it can reach.
import { acceptInvitation, confirmEmail, createToken, resetPassword } from '../../../contract/index.ts'
import type { Given } from '../given.ts'
import type { NewToken } from './callers.ts'
import { exampleTexts, type Schema } from './schema.ts'

interface WithBody {
  readonly schema: { readonly body: { readonly properties: Readonly<Record<string, Schema>> } }
}

/** All have the password that the contract shows as an example, and one the name, so that the examples sign in; those of mailed links work once. */
export async function givenCallers(given: Given): Promise<NewToken> {
  const exampleOf = (field: string, { schema } = createToken as WithBody) =>
    exampleTexts(schema.body.properties[field] ?? {})[0] ?? ''
  const password = exampleOf('password')
  await given.user({ role: 'admin', username: exampleOf('username'), password })
  await given.mailedLink('password_reset', exampleOf('token', resetPassword))
  await given.mailedLink('invitation', exampleOf('token', acceptInvitation))
  await given.mailedLink('email_change', exampleOf('token', confirmEmail))
  // Whom an invitation can be sent to again.
  for (let count = 0; count < 10; count += 1) await given.invited()
  return async (role) => (await given.user({ role, password })).token
}
