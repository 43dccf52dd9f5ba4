// One installation at a time in one folder. The lock is a folder that holds one empty folder per process at work,
// named by its pid. It comes into being by one rename, so it is never seen without an owner, and git, which keeps
// no empty folders, never sees it at all.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FriendlyError } from './friendly-error.js'

// A pid may have been given to another program meanwhile (after a reboot, in a container). No installation lasts so long.
const oldest = 15 * 60_000

/**
 * @template T
 * @param {string} root
 * @param {(announceHelper: (pid: number) => void) => Promise<T>} work the helper keeps the lock should we be killed
 */
export async function withInstallLock(root, work) {
  const lock = join(root, '.installing')
  await acquire(lock)
  try {
    return await work((pid) => mkdirSync(join(lock, String(pid))))
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/** @param {string} lock */
async function acquire(lock) {
  let announced = false
  while (!tryToTake(lock)) {
    if (removedAsAbandoned(lock)) continue
    if (!announced) console.error(`Another process is installing; waiting for it (${lock}) ...`)
    announced = true
    await sleep(200)
  }
}

/** @param {string} lock */
function tryToTake(lock) {
  const ours = `${lock}-${process.pid}`
  try {
    mkdirSync(join(ours, String(process.pid)), { recursive: true })
    renameSync(ours, lock) // refused while the lock exists and has an owner in it
    return true
  } catch (error) {
    rmSync(ours, { recursive: true, force: true })
    if (isTaken(error)) return false
    throw new FriendlyError(
      `Frontdesk has to install its dependencies, and may not write to ${join(lock, '..')}: ` +
        `${String(error)}.\nRun \`npm ci\` there once as the owner of that folder.`,
    )
  }
}

/** @param {unknown} error */
function isTaken(error) {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOTEMPTY' || code === 'EEXIST' || (code === 'EPERM' && process.platform === 'win32')
}

/**
 * Takes away only the dead, one by one and by name: if someone else takes the lock between our look and our hand,
 * his folder bears another name and keeps the lock from being removed.
 * @param {string} lock
 */
function removedAsAbandoned(lock) {
  try {
    const owners = readdirSync(lock)
    const isOld = Date.now() - statSync(lock).mtimeMs > oldest
    if (!isOld && owners.some(isAlive)) return false
    for (const owner of owners) rmdirSync(join(lock, owner))
    rmdirSync(lock)
    return true
  } catch {
    return false // released or taken by another in this moment: the next try will tell
  }
}

/** @param {string} owner */
function isAlive(owner) {
  if (Number(owner) === process.pid) return false // left by an earlier process that had our number
  try {
    process.kill(Number(owner), 0)
    return !isZombie(owner)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * Killed but not yet buried by its parent, which in a container may never happen.
 * @param {string} owner
 */
function isZombie(owner) {
  try {
    return /\) Z /.test(readFileSync(`/proc/${owner}/stat`, 'utf8'))
  } catch {
    return false // no /proc here
  }
}
