// Where to go after signing in: a path of this very site, whatever a link says.

/**
 * @param {string | null} wanted What the link names.
 * @param {string} origin This site's.
 * @param {string} otherwise Where to go when that is no place of this site.
 */
export function placeToReturnTo(wanted, origin, otherwise) {
  // A second slash or a backslash makes browsers take what follows for the name of another host.
  if (wanted === null || !/^\/(?![/\\])/.test(wanted) || /[\\\p{Cc}]/u.test(wanted)) return otherwise
  const url = URL.parse(wanted, origin)
  return url?.origin === origin ? url.pathname + url.search + url.hash : otherwise
}
