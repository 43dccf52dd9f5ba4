// The users that the fuzzer speaks as, on a desk whose database it can reach.
import { createToken } from '../../../contract/index.ts'
import type { Given } from '../given.ts'
import type { NewToken } from './callers.ts'
import { exampleTexts, type Schema } from './schema.ts'

/** All have the password that the contract shows as an example, and one the name, so that the examples sign in. */
export async function givenCallers(given: Given): Promise<NewToken> {
  const fields: Readonly<Record<string, Schema>> = createToken.schema.body.properties
  const exampleOf = (field: string) => exampleTexts(fields[field] ?? {})[0] ?? ''
  const password = exampleOf('password')
  await given.user({ role: 'admin', username: exampleOf('username'), password })
  return async (role) => (await given.user({ role, password })).token
}
