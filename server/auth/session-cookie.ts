// The cookies that a browser is signed in and known by (RFC 6265bis): opaque, for this host alone, and out of reach of scripts.

/** `frontdesk` lets somebody in; `frontdesk-device` says only that they have been in from there before. */
type Cookie = 'frontdesk' | 'frontdesk-device'

const isOverTls = (publicUrl: string) => publicUrl.startsWith('https:')

/** Over TLS browsers hold us to what `__Host-` promises: Secure, this host only, every path. Without TLS they refuse that name. */
const nameOf = (cookie: Cookie, publicUrl: string) => (isOverTls(publicUrl) ? `__Host-${cookie}` : cookie)

function setCookie(cookie: Cookie, publicUrl: string, value: string, seconds: number): string {
  const secure = isOverTls(publicUrl) ? '; Secure' : ''
  return `${nameOf(cookie, publicUrl)}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`
}

export const sessionCookie = (publicUrl: string, secret: string, seconds: number) =>
  setCookie('frontdesk', publicUrl, secret, seconds)

export const endedCookie = (publicUrl: string) => sessionCookie(publicUrl, '', 0)

export const deviceCookie = (publicUrl: string, mark: string, seconds: number) =>
  setCookie('frontdesk-device', publicUrl, mark, seconds)

export const secretInCookies = (publicUrl: string, cookies: string | undefined) =>
  valueOf('frontdesk', publicUrl, cookies)

export const deviceInCookies = (publicUrl: string, cookies: string | undefined) =>
  valueOf('frontdesk-device', publicUrl, cookies)

/** What a browser sends; undefined where it sends none, or two, of which another site may have planted one. */
function valueOf(cookie: Cookie, publicUrl: string, cookies: string | undefined): string | undefined {
  if (cookies === undefined) return undefined
  const name = nameOf(cookie, publicUrl)
  const found = cookies
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  return found.length === 1 && /^[\w.-]{1,200}$/.test(found[0] ?? '') ? found[0] : undefined
}
