// Where a browser may be sent back to (RFC 9700, section 4.1; RFC 8252, sections 7 and 8).

const loopback = /^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?=[:/]|$)/
/** An address of this machine with a port, which is the second group. */
const withPort = /^(http:\/\/(?:127\.0\.0\.1|\[::1\])):([1-9]\d{0,4})(?=\/|$)/

/** What is wrong with it, in words that follow its name; undefined for one that may be registered. */
export function faultOfRedirectUri(uri: string): string | undefined {
  const url = URL.parse(uri)
  if (!url || !/^[\x21-\x7e]+$/.test(uri) || /[\\*]/.test(uri))
    return 'must be a whole URL, without wildcards'
  if (uri.includes('#')) return 'must not have a fragment'
  if (url.username || url.password || /^[^/]*\/\/[^/?]*@/.test(uri))
    return 'must not hold a name or a password'
  if (url.protocol === 'https:') return url.href.startsWith(uri) ? undefined : unlike(url.href)
  if (url.protocol === 'http:') {
    if (!loopback.test(uri)) return 'must be https: without TLS only this machine’s own address is safe'
    return url.href.startsWith(uri) ? undefined : unlike(url.href)
  }
  // A scheme that is a domain's reversed name belongs to somebody; `javascript:` or `myapp:` belongs to nobody.
  return /^[a-z][a-z\d+-]*(?:\.[a-z\d+-]+)+:\/(?!\/)/.test(uri)
    ? undefined
    : 'must be https, http on this machine’s own address, or a scheme made of a domain name, such as com.example.app:/callback'
}

const unlike = (href: string) => `must be spelled as browsers do: ${href}`

/** One that any program on the person's machine could be listening at: a scheme of an app's own, or the machine itself. */
export const leadsToApp = (uri: string): boolean => loopback.test(uri) || !/^https?:/.test(uri)

/** A name that is this machine's own, where a certificate proves nothing. */
export const isLocalHttps = (uri: string): boolean =>
  uri.startsWith('https:') && loopback.test(uri.replace('https:', 'http:'))

/** To the letter. A registered address of this machine without a port stands for all ports: an app gets another one each time. */
export function isRegistered(registered: readonly string[], given: string): boolean {
  return registered.some((uri) => uri === given || isWithAnyPort(uri, given))
}

function isWithAnyPort(uri: string, given: string): boolean {
  const port = Number(withPort.exec(given)?.[2])
  return port < 65_536 && given.replace(withPort, '$1') === uri
}

/** What a page whose form leads there has to name in its policy: browsers follow a form no further than that. */
export function sourceOf(redirectUri: string): string | undefined {
  const url = URL.parse(redirectUri)
  if (!url) return undefined
  return url.origin === 'null' ? url.protocol : url.origin
}
