// The keys that ID tokens are signed with: made once, sealed, replaced by age, and known to every instance at once.
import { expect, test } from 'vitest'
import { signingKeys } from '../server/oauth/signing-keys.ts'
import { oauthTasks } from '../server/oauth/index.ts'
import { sealingOf } from '../server/oauth/sealing.ts'
import { openTestDesk, secretKey, type TestDesk } from './support/desk.ts'
import { registerClient, signedIn, tokensFor } from './support/oauth.ts'

const sealing = sealingOf(secretKey)

/** As the job does it, with the secret of the desk. */
const rotate = async ({ ctx }: TestDesk) => oauthTasks(ctx, secretKey)['rotate_signing_keys']?.work()

async function published(desk: TestDesk): Promise<string[]> {
  const { keys } = (await (await fetch(`${desk.url}/oauth/jwks`)).json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid)
}

const signer = (idToken: string | undefined): string =>
  JSON.parse(Buffer.from(idToken?.split('.')[0] ?? '', 'base64url').toString()).kid

test('instances that need the first key at the same moment make one', async () => {
  const desk = await openTestDesk()
  const others = await Promise.all([1, 2, 3].map(() => openTestDesk({ beside: desk })))
  const seen = await Promise.all([desk, ...others].map(published))
  expect(new Set(seen.flat()).size).toBe(1)
})

test('a key that is old is replaced, everywhere and without a restart; the old one is published until what it signed has expired', async () => {
  const desk = await openTestDesk()
  const second = await openTestDesk({ beside: desk })
  const client = await registerClient(desk)
  const { browser } = await signedIn(desk)
  const [first = ''] = await published(desk)
  expect(await published(second)).toEqual([first])
  expect(signer((await tokensFor(client, browser)).id_token)).toBe(first)

  await rotate(desk)
  expect(await published(desk)).toEqual([first])

  await desk.rows(`update oauth_signing_keys set created_at = now() - interval '91 days'`)
  await Promise.all([desk, second].map(rotate))
  await expect.poll(() => published(desk)).toHaveLength(2)
  await expect.poll(() => published(second)).toHaveLength(2)
  const [next = '', old] = await published(second)
  expect([next === first, old]).toEqual([false, first])
  // By openid-client, which looks the key up by its name.
  expect(signer((await tokensFor(client, browser)).id_token)).toBe(next)

  await desk.rows(`update oauth_signing_keys set created_at = now() - interval '2 days' where kid = $1`, [
    next,
  ])
  await rotate(desk)
  await expect.poll(() => published(second)).toEqual([next])

  const events = await desk.rows(
    `select action, actor_role, before ->> 'kid' as before, after ->> 'kid' as after from audit_events
     where record_type = 'signing_key' order by id`,
  )
  expect(events).toEqual([
    { action: 'signing_key.created', actor_role: 'system', before: null, after: first },
    { action: 'signing_key.created', actor_role: 'system', before: null, after: next },
    { action: 'signing_key.deleted', actor_role: 'system', before: first, after: null },
  ])
})

test('what is sealed opens with the same SECRET_KEY alone, and unchanged', async () => {
  const desk = await openTestDesk()
  const [made] = await signingKeys(desk.ctx, sealing)
  const other = sealingOf(`${secretKey}!`)
  // Another SECRET_KEY: what was sealed is lost, and a new key is made.
  const [remade] = await signingKeys(desk.ctx, other)
  expect(remade?.kid).not.toBe(made?.kid)
  expect(sealing.open(other.seal({ a: 1 }))).toBeUndefined()
  const sealed = sealing.seal({ a: 1 })
  expect(sealing.open(sealed)).toEqual({ a: 1 })
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1
  expect(sealing.open(sealed)).toBeUndefined()
  expect(sealing.open(sealed.subarray(0, 20))).toBeUndefined()
})
