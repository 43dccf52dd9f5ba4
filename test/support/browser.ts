// Browsers, as far as the server can tell: one that calls the API as our pages do, and one without scripts that opens pages.
import { expect } from 'vitest'
import { createSession, deleteSession } from '../../contract/index.ts'
import { callerOf, type Caller } from './caller.ts'
import type { TestDesk } from './desk.ts'
import type { TestUser } from './given.ts'

/** What a browser says of a page of ours that sends something. */
export const fromOwnPage = ({ ctx }: Pick<TestDesk, 'ctx'>) => ({
  origin: ctx.config.publicUrl,
  'sec-fetch-site': 'same-origin',
})

type Desk = Pick<TestDesk, 'ctx' | 'url'>

interface Credentials {
  readonly username: string
  readonly password: string
}

const askToSignIn = (desk: Desk, body: Credentials, headers: Record<string, string>) =>
  callerOf(desk.url, { ...fromOwnPage(desk), ...headers })(createSession, { body })

export interface SignedInBrowser {
  /** `name=value`, as it is sent back. */
  readonly cookie: string
  /** Calls as a page of ours does. */
  readonly call: Caller
}

/** `cookie`: what the browser holds by then. */
export async function signInBrowser(
  desk: Desk,
  credentials: Credentials,
  { cookie, userAgent = 'a test' }: { readonly cookie?: string; readonly userAgent?: string } = {},
): Promise<SignedInBrowser> {
  const headers = { 'user-agent': userAgent, ...(cookie === undefined ? {} : { cookie }) }
  const answer = await askToSignIn(desk, credentials, headers)
  expect(answer.status, JSON.stringify(answer.problem)).toBe(200)
  const [given = ''] = answer.headers.getSetCookie()
  const pair = given.slice(0, given.indexOf(';'))
  return { cookie: pair, call: callerOf(desk.url, { ...fromOwnPage(desk), cookie: pair }) }
}

export interface Shown {
  readonly status: number
  readonly headers: Headers
  /** Where it is now; where it was sent, when that is outside of the desk. */
  readonly url: URL
  readonly text: string
}

interface Cookie {
  readonly value: string
  readonly path: string
}

export interface Browser {
  signIn(user: Pick<TestUser, 'username'>, password: string): Promise<number>
  signOut(): Promise<void>
  open(url: string | URL): Promise<Shown>
  /** Sends the form of the page that is shown, with these of its fields filled in. */
  submit(
    shown: Shown,
    fields: Readonly<Record<string, string>>,
    headers?: Record<string, string>,
  ): Promise<Shown>
  readonly cookies: ReadonlyMap<string, Cookie>
}

/** Keeps cookies by path, follows redirects within the desk, and sends forms as pages hold them. */
export function browserAt(desk: Desk): Browser {
  const origin = desk.ctx.config.publicUrl
  const cookies = new Map<string, Cookie>()

  function cookiesFor(pathname: string): Record<string, string> {
    const sent = [...cookies]
      .filter(([, { path }]) => pathname === path || pathname.startsWith(path.replace(/\/?$/, '/')))
      .map(([name, { value }]) => `${name}=${value}`)
    return sent.length > 0 ? { cookie: sent.join('; ') } : {}
  }

  async function send({ pathname, search }: URL, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(new URL(pathname + search, desk.url), {
      ...init,
      headers: { ...(init.headers as Record<string, string>), ...cookiesFor(pathname) },
      redirect: 'manual',
    })
    keepAll(response)
    return response
  }

  const keepAll = ({ headers }: { readonly headers: Headers }) => headers.getSetCookie().forEach(keep)

  function keep(line: string) {
    const [pair = '', ...attributes] = line.split('; ')
    const at = pair.indexOf('=')
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
    const told = (attribute: string) =>
      attributes.find((part) => part.toLowerCase().startsWith(`${attribute}=`))?.slice(attribute.length + 1)
    const ended =
      told('max-age') === '0' ||
      (told('expires') !== undefined && Date.parse(told('expires') ?? '') < Date.now())
    if (value === '' || ended) cookies.delete(name)
    else cookies.set(name, { value, path: told('path') ?? '/' })
  }

  async function follow(url: URL, init?: RequestInit): Promise<Shown> {
    let here = url
    let response = await send(here, init)
    for (let hops = 0; response.status >= 300 && response.status < 400; hops += 1) {
      if (hops > 15) throw new Error(`Redirected for ever, at last to ${here}`)
      here = new URL(response.headers.get('location') ?? '', here)
      if (here.origin !== origin)
        return { status: response.status, headers: response.headers, url: here, text: '' }
      response = await send(here)
    }
    return { status: response.status, headers: response.headers, url: here, text: await response.text() }
  }

  return {
    cookies,
    async signIn({ username }, password) {
      const answer = await askToSignIn(desk, { username, password }, cookiesFor(createSession.url))
      keepAll(answer)
      return answer.status
    },
    async signOut() {
      const headers = { ...fromOwnPage(desk), ...cookiesFor(deleteSession.url) }
      keepAll(await callerOf(desk.url, headers)(deleteSession, {}))
    },
    open: (url) => follow(new URL(url, origin)),
    submit(shown, fields, headers = fromOwnPage(desk)) {
      const [, action] = /<form[^>]* action="([^"]*)"/.exec(shown.text) ?? []
      const hidden = [...shown.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
      const body = new URLSearchParams([
        ...hidden.map(([, name = '', value = '']) => [name, value] as [string, string]),
        ...Object.entries(fields),
      ])
      return follow(new URL(action ?? shown.url, shown.url), {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: body.toString(),
      })
    },
  }
}
