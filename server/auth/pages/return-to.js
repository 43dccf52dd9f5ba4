// Where to go after signing in: a place of this very site, whatever a link says.

/**
 * @param {string | null} wanted What the link names.
 * @param {string} origin This site's.
 * @returns {string} A whole URL, which no browser takes for another: of a path alone, `/.//evil.test` would become a host.
 */
export function placeToReturnTo(wanted, origin) {
  // A second slash or a backslash makes browsers take what follows for the name of another host.
  const home = `${origin}/`
  if (wanted === null || !/^\/(?![/\\])/.test(wanted) || /[\\\p{Cc}]/u.test(wanted)) return home
  const url = URL.parse(wanted, origin)
  return url?.origin === origin ? url.href : home
}
