// Makes node_modules hold what package-lock.json says. When it already does, that costs one small read.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join, sep } from 'node:path'
import { leaveLike, run } from './child.js'
import { FriendlyError } from './friendly-error.js'
import { withInstallLock } from './install-lock.js'
import { holdsTheLockfile } from './installed-tree.js'

/** @type {import('./child.js').Outcome} */
const done = { code: 0, signal: null }

/**
 * @param {string} root
 * @returns {Promise<boolean>} whether it had to install
 */
export async function ensureInstalled(root) {
  // The image is built with exactly what it needs, and a published package has no lockfile.
  if (process.env.FRONTDESK_SKIP_INSTALL === '1' || !existsSync(join(root, 'package-lock.json'))) return false
  if (isUpToDate(root)) return false
  const outcome = await withInstallLock(root, async (announceHelper) => {
    if (isUpToDate(root)) return done // another process installed while we waited for it
    return install(root, announceHelper)
  })
  // npm turns a Ctrl+C into an ordinary failure; the person who pressed it knows better.
  const signal = outcome.signal ?? outcome.told ?? null
  if (outcome.code !== 0 && signal !== null) await leaveLike({ code: null, signal })
  if (outcome.code !== 0) throw new FriendlyError(failed(root))
  return true
}

/** @param {string} root */
function isUpToDate(root) {
  if (readStamp(root) === wantedStamp(root)) return true
  // Someone ran `npm ci` or `npm install` by hand (CI does): look once, and do not install a second time.
  if (!holdsTheLockfile(root)) return false
  writeStamp(root)
  return true
}

/**
 * @param {string} root
 * @param {(pid: number) => void} announceHelper
 */
async function install(root, announceHelper) {
  console.error(
    'Installing what Frontdesk needs into node_modules. This happens once and takes about a minute ...',
  )
  const [command, ...args] = npm()
  const outcome = await run(
    command,
    // Whatever NODE_ENV says: a start builds what it serves, and the runtime itself is an optional dependency.
    [...args, 'ci', '--loglevel=error', '--include=dev', '--include=optional'],
    // Standard output belongs to the command that the person typed, so npm talks on standard error.
    { cwd: root, stdio: ['ignore', 2, 'inherit'], env: environmentForNpm(), shell: command === 'npm.cmd' },
    announceHelper,
  )
  if (outcome.code === 0) writeStamp(root)
  return outcome
}

/** @param {string} root */
const failed = (root) =>
  'Frontdesk could not install its dependencies; npm says why above. ' +
  `When that is mended, start again, or run \`npm ci\` in ${root} to see more.`

/**
 * Under `npm start` the first Node on the PATH lies in node_modules, which `npm ci` is about to remove. So npm is
 * called with the Node that it came with.
 * @returns {[string, ...string[]]}
 */
function npm() {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env
  if (cli?.endsWith('npm-cli.js') && node && existsSync(node)) return [node, cli]
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm']
}

function environmentForNpm() {
  const outside = (process.env.PATH ?? '').split(delimiter).filter((folder) => !isLocalBin(folder))
  return { ...process.env, PATH: outside.join(delimiter) }
}

/** @param {string} folder */
function isLocalBin(folder) {
  return folder.endsWith(join('node_modules', '.bin')) || folder.endsWith(join('node_modules', '.bin') + sep)
}

/** @param {string} root */
function wantedStamp(root) {
  const lockfile = readFileSync(join(root, 'package-lock.json'))
  // The platform too: a folder shared with a container or copied from another machine holds the wrong binaries.
  return `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform}-${process.arch}\n`
}

/** @param {string} root */
const stampFile = (root) => join(root, 'node_modules/.frontdesk-installed')

/** @param {string} root */
function readStamp(root) {
  try {
    return readFileSync(stampFile(root), 'utf8')
  } catch {
    return undefined
  }
}

/** @param {string} root */
function writeStamp(root) {
  try {
    writeFileSync(stampFile(root), wantedStamp(root))
  } catch {
    // A read-only folder that is complete: the next start looks through the tree again, which takes a few ms.
  }
}
