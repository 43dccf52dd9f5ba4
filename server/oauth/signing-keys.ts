// The keys that ID tokens are signed with: made at first need, sealed, replaced by age. An older one is published until all that it
// signed has expired.
import { generateKeyPair, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import type { JWK } from 'oidc-provider'
import type { Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import { inTransaction } from '../db/transaction.ts'
import { lifetimes } from './lifetimes.ts'
import type { Sealing } from './sealing.ts'
import * as repository from './signing-key-repository.ts'

interface KnownKey {
  readonly id: number
  readonly age: number
  readonly key: JWK
}

/** Nobody asked for it. */
const byItself = auditing({ user_id: null, role: 'system', request_id: 'signing keys' })

/** The first of them signs. One that was sealed with another SECRET_KEY is no key. */
async function known(ctx: Context, sealing: Sealing): Promise<KnownKey[]> {
  const rows = await repository.findSigningKeys.all(ctx.db, {})
  return rows.flatMap(({ id, age, sealed }) => {
    const key = sealing.open(sealed)
    return key === undefined ? [] : [{ id, age, key: key as JWK }]
  })
}

/** Makes one where there is none. */
export async function signingKeys(ctx: Context, sealing: Sealing): Promise<JWK[]> {
  const keys = await known(ctx, sealing)
  if (keys.length > 0) return keys.map(({ key }) => key)
  return (await withNewKey(ctx, sealing, Number.POSITIVE_INFINITY)).map(({ key }) => key)
}

/** Replaces the one that signs when it is old, and drops those that nothing valid was signed with. */
export async function rotateSigningKeys(ctx: Context, sealing: Sealing): Promise<void> {
  const [newest] = await known(ctx, sealing)
  if (newest && newest.age >= lifetimes.signingKey) await withNewKey(ctx, sealing, lifetimes.signingKey)
  // What a client may know by heart is no older than a day.
  await repository.deleteSpentSigningKeys.all(ctx.db, { seconds: 86_400 + lifetimes.idToken, ...byItself })
}

/** Makes a key, unless somebody else just has: one that is younger than `age`. */
function withNewKey(ctx: Context, sealing: Sealing, age: number): Promise<KnownKey[]> {
  return inTransaction(ctx, async (ctx) => {
    await repository.lockSigningKeys.all(ctx.db, {})
    const [newest] = await known(ctx, sealing)
    if (!newest || newest.age >= age) {
      const key = await newKey()
      const values = { kid: String(key.kid), sealed: sealing.seal(key), ...byItself }
      await repository.insertSigningKey.all(ctx.db, values)
    }
    return known(ctx, sealing)
  })
}

const generate = promisify(generateKeyPair)

/** RS256 is what every client of OpenID Connect understands. */
async function newKey(): Promise<JWK> {
  const { privateKey } = await generate('rsa', { modulusLength: 2048 })
  return { ...(privateKey.export({ format: 'jwk' }) as JWK), kid: randomUUID(), alg: 'RS256', use: 'sig' }
}
