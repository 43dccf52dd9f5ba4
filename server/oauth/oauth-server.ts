// The authorization server of a desk: made when somebody first asks for it, and anew whenever its signing keys have changed.
import type { Provider } from 'oidc-provider'
import type { FindHolder } from '../auth/index.ts'
import type { Context } from '../context.ts'
import { hashSecret, secretPrefixes } from '../credentials/secrets.ts'
import type { Listener } from '../db/listen.ts'
import type { Api } from '../http/api.ts'
import { findAccessTokenHolder } from './access-token-repository.ts'
import { cookieSigningOf } from './cookie-signing.ts'
import { oauthRoutes } from './oauth-routes.ts'
import { prepareOwnClients } from './own-clients.ts'
import { serveStyle } from './protocol-pages.ts'
import { protocolRoutes } from './protocol-routes.ts'
import type * as providerModule from './provider.ts'
import { sealingOf } from './sealing.ts'
import { signingKeys } from './signing-keys.ts'

/** Whose access token this is, for who lets callers in. */
export const accessTokenHolders =
  (ctx: Context): FindHolder =>
  async (secret) =>
    secret.startsWith(secretPrefixes.accessToken)
      ? findAccessTokenHolder.first(ctx.db, { secret_hash: hashSecret(secret) })
      : undefined

/** Answers what is to hear that the keys have changed. */
export async function serveOAuth(api: Api, ctx: Context, secret: string): Promise<Listener> {
  const sealing = sealingOf(secret)
  const cookieSigning = cookieSigningOf(secret)
  let known: Promise<Provider> | undefined

  async function make(): Promise<Provider> {
    const { providerWith } = await loadProvider()
    await prepareOwnClients(ctx)
    return providerWith({ ctx, sealing, cookieSigning, keys: await signingKeys(ctx, sealing) })
  }

  function current(): Promise<Provider> {
    const made = (known ??= make())
    // What could not be made is tried again with the next call.
    made.catch(() => {
      if (known === made) known = undefined
    })
    return made
  }

  const forget = () => void (known = undefined)

  oauthRoutes(api)
  serveStyle(api)
  await protocolRoutes(api, ctx, current, cookieSigning)
  return { channel: 'signing_keys_changed', onMessage: forget, onListening: forget }
}

let loaded: Promise<typeof providerModule> | undefined

/** It is no small library, and many a desk never needs it: it is read once, when somebody first asks for it. */
function loadProvider() {
  if (loaded) return loaded
  // It warns of every Node that does not call itself a release for long-term support, as ours did not yet, and with the first body
  // that is read for it (protocol-bodies.ts says why). All other warnings pass.
  /* oxlint-disable no-console -- it is the library that writes there */
  const { warn } = console
  console.warn = (...words: unknown[]) => {
    if (!/Unsupported runtime|already parsed request body/.test(String(words[0]))) warn(...words)
  }
  loaded = import('./provider.ts')
  return loaded
}
