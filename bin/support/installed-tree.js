// Compares the tree that npm left behind with the lockfile. npm writes its record of the tree last, so an
// installation that was cut short has none.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean }} Entry */

/** @param {string} root */
export function holdsTheLockfile(root) {
  const installed = readPackages(join(root, 'node_modules/.package-lock.json'))
  if (!installed) return false
  const wanted = readPackages(join(root, 'package-lock.json')) ?? {}

  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.link) return true // the project itself and its workspaces
    const found = installed[path]
    if (!found) return entry.optional === true // of each optional family only one suits this machine
    return (
      found.version === entry.version && found.integrity === entry.integrity && existsSync(join(root, path))
    )
  })
}

/**
 * @param {string} file
 * @returns {Record<string, Entry> | undefined}
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}
