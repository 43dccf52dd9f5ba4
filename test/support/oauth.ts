// A client of a desk under test, which speaks the protocol by a library that knows nothing of ours (openid-client).
import { request } from 'node:http'
import * as client from 'openid-client'
import { type Body, type Client, createClient } from '../../contract/index.ts'
import { type Browser, browserAt } from './browser.ts'
import type { TestDesk } from './desk.ts'
import type { TestUser } from './given.ts'

export const password = 'keep-yourself-warm'

export interface TestClient {
  readonly record: Client
  readonly configuration: client.Configuration
}

/** Registers it as an admin does, and discovers the rest as every client does. */
export async function registerClient(
  desk: TestDesk,
  facts: Partial<Body<typeof createClient>> = {},
): Promise<TestClient> {
  const admin = await desk.given.admin()
  const answer = await desk.as(admin)(createClient, {
    body: {
      name: 'Invoices',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://invoices.example/callback'],
      role: 'admin',
      scopes: ['account:read', 'customers:read', 'events:read'],
      ...facts,
    },
  })
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.problem))
  return { record: answer.body, configuration: await configurationOf(desk, answer.body) }
}

export async function configurationOf(
  desk: TestDesk,
  { client_id, client_secret }: Pick<Client, 'client_id' | 'client_secret'>,
): Promise<client.Configuration> {
  const issuer = new URL(desk.ctx.config.publicUrl)
  const configuration = await client.discovery(
    issuer,
    client_id,
    client_secret ?? {},
    client_secret === undefined ? client.None() : client.ClientSecretBasic(client_secret),
    {
      execute: [client.allowInsecureRequests],
      // The desk listens somewhere else than it says.
      [client.customFetch]: (url, options) => {
        const { pathname, search } = new URL(url)
        return fetch(new URL(pathname + search, desk.url), options as RequestInit)
      },
    },
  )
  return configuration
}

export interface Authorization {
  readonly url: URL
  readonly verifier: string
  readonly state: string
}

/** What a client sends a browser to. */
export async function authorizationOf(
  { configuration, record }: TestClient,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Authorization> {
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: record.redirect_uris[0] ?? '',
    scope: 'openid profile customers:read',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    ...parameters,
  })
  return { url, verifier, state }
}

/** A user with a browser that is signed in. */
export async function signedIn(
  desk: TestDesk,
  facts: { role?: 'customer' | 'operator' | 'admin' } = {},
): Promise<{ user: TestUser; browser: Browser }> {
  const user = await desk.given.user({ role: facts.role ?? 'operator', password })
  const browser = browserAt(desk)
  if ((await browser.signIn(user, password)) !== 200) throw new Error('The browser could not sign in')
  return { user, browser }
}

/** Where the browser is sent back to, once the person has allowed it. */
export async function allowed(browser: Browser, url: URL): Promise<URL> {
  const page = await browser.open(url)
  if (page.text === '') return page.url
  return (await browser.submit(page, { choice: 'allow' })).url
}

/** All of it: the browser asked and answered, the code traded for tokens. */
export async function tokensFor(
  testClient: TestClient,
  browser: Browser,
  parameters: Readonly<Record<string, string>> = {},
) {
  const { url, verifier, state } = await authorizationOf(testClient, parameters)
  const back = await allowed(browser, url)
  return client.authorizationCodeGrant(testClient.configuration, back, {
    pkceCodeVerifier: verifier,
    expectedState: state,
  })
}

/** With headers that fetch does not let anybody choose. */
export function rawRequest(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => void (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end()
  })
}
