// The cookie that a browser is signed in by (RFC 6265bis): opaque, for this host alone, and out of reach of scripts.

/** Over TLS browsers hold us to what `__Host-` promises: Secure, this host only, every path. Without TLS they refuse that name. */
export const cookieName = (publicUrl: string) =>
  publicUrl.startsWith('https:') ? '__Host-frontdesk' : 'frontdesk'

export function sessionCookie(publicUrl: string, secret: string, seconds: number): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : ''
  return `${cookieName(publicUrl)}=${secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`
}

export const endedCookie = (publicUrl: string) => sessionCookie(publicUrl, '', 0)

/** The secret that a browser sends; undefined where it sends none, or two, of which another site may have planted one. */
export function secretInCookies(publicUrl: string, cookies: string | undefined): string | undefined {
  if (cookies === undefined) return undefined
  const name = cookieName(publicUrl)
  const found = cookies
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie.startsWith(`${name}=`))
    .map((cookie) => cookie.slice(name.length + 1))
  return found.length === 1 && /^[\w-]{1,200}$/.test(found[0] ?? '') ? found[0] : undefined
}
