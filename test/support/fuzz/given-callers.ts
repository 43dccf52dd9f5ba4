// The users that the fuzzer speaks as, on a desk whose database it can reach.
import type { Database } from '../../../server/db/database.ts'
import { acceptInvitation, confirmEmail, createToken, resetPassword } from '../../../contract/index.ts'
import type { Given } from '../given.ts'
import type { NewCaller } from './callers.ts'
import { exampleTexts, type Schema } from './schema.ts'

interface WithBody {
  readonly schema: { readonly body: { readonly properties: Readonly<Record<string, Schema>> } }
}

/** All have the password that the contract shows as an example, and one the name, so that the examples sign in; those of mailed links work once. */
export async function givenCallers(given: Given, db: Database): Promise<NewCaller> {
  const exampleOf = (field: string, { schema } = createToken as WithBody) =>
    exampleTexts(schema.body.properties[field] ?? {})[0] ?? ''
  const password = exampleOf('password')
  await given.user({ role: 'admin', username: exampleOf('username'), password })
  await given.mailedLink('password_reset', exampleOf('token', resetPassword))
  await given.mailedLink('invitation', exampleOf('token', acceptInvitation))
  await given.mailedLink('email_change', exampleOf('token', confirmEmail))
  // Whom an invitation can be sent to again.
  for (let count = 0; count < 40; count += 1) await given.invited()
  for (let count = 0; count < 40; count += 1) await given.client()
  return async (role) => {
    const user = await given.user({ role, password })
    // What they may end: some browsers, and what programs may do for them.
    for (let count = 0; count < 3; count += 1) await given.session(user)
    await given.grant(user)
    return { token: user.token, hadAnotherRole: () => hadAnotherRole(db, user.id) }
  }
}

async function hadAnotherRole(db: Database, userId: number): Promise<boolean> {
  const { rows } = await db.query({
    text: "select from audit_events where record_type = 'user' and record_id = $1 and action = 'user.role_changed' limit 1",
    values: [userId],
  })
  return rows.length === 1
}
