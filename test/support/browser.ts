// A browser without scripts: keeps cookies by path, follows redirects within the desk, and sends forms as pages hold them.
import type { TestDesk } from './desk.ts'
import type { TestUser } from './given.ts'

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

export function browserAt(desk: TestDesk): Browser {
  const origin = desk.ctx.config.publicUrl
  const cookies = new Map<string, Cookie>()

  async function send(url: URL, init: RequestInit = {}): Promise<Response> {
    const sent = [...cookies]
      .filter(([, { path }]) => url.pathname === path || url.pathname.startsWith(path.replace(/\/?$/, '/')))
      .map(([name, { value }]) => `${name}=${value}`)
    const headers = new Headers(init.headers)
    if (sent.length > 0) headers.set('cookie', sent.join('; '))
    const response = await fetch(new URL(url.pathname + url.search, desk.url), {
      ...init,
      headers,
      redirect: 'manual',
    })
    for (const line of response.headers.getSetCookie()) keep(line)
    return response
  }

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
      const response = await send(new URL('/api/v1/session', origin), {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin, 'sec-fetch-site': 'same-origin' },
        body: JSON.stringify({ username, password }),
      })
      await response.text()
      return response.status
    },
    async signOut() {
      await send(new URL('/api/v1/session', origin), {
        method: 'DELETE',
        headers: { origin, 'sec-fetch-site': 'same-origin' },
      })
    },
    open: (url) => follow(new URL(url, origin)),
    submit(shown, fields, headers = { origin, 'sec-fetch-site': 'same-origin' }) {
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
