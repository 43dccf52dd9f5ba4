// Whose call without credentials ANONYMOUS_ROLE is meant for: a person on this machine, not a web page that their browser shows.

interface Headers {
  readonly host?: string | undefined
  readonly origin?: string | undefined
  readonly 'sec-fetch-site'?: string | string[] | undefined
  readonly [name: string]: string | string[] | undefined
}

/**
 * False for a page of another site (it would act with the person's reach), and for a name that is not this machine's own
 * (DNS rebinding: a foreign name that suddenly points here, whose page counts as the same site).
 */
export function comesFromHere(headers: Headers): boolean {
  const host = headers.host?.toLowerCase() ?? ''
  const name = host.replace(/:\d+$/, '')
  const ownName = name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name)
  const ownPage = headers.origin === undefined || headers.origin === `http://${host}`
  const site = headers['sec-fetch-site']
  // A proxy speaks for people elsewhere.
  if (
    ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'].some((name) => name in headers)
  )
    return false
  return ownName && ownPage && (site === undefined || site === 'same-origin' || site === 'none')
}
