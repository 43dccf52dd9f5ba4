// Who PostgreSQL runs as, and what that user can reach. Everything here is about root; others run it as
// themselves.
import { chmod, lchown, lstat, readdir, realpath, stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { codeOf, EmbeddedPostgresError, messageOf } from './errors.ts'
import type { ServerUser } from './types.ts'

const NOBODY: ServerUser = { uid: 65534, gid: 65534 }

/** The user for the cluster in `folder`, which need not exist yet; undefined: as ourselves. */
export async function chooseUser(folder: string): Promise<ServerUser | undefined> {
  const uid = process.getuid?.()
  if (uid === undefined) return undefined
  const owner = await stat(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new EmbeddedPostgresError(
      `Cannot look at the database in ${folder}: ${messageOf(error)}. ` +
        'Start Frontdesk as the user who owns it, or choose another DATA_DIR.',
    )
  })
  if (uid === 0) return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : NOBODY
  if (owner && owner.uid !== uid) {
    throw new EmbeddedPostgresError(
      `The database in ${folder} belongs to the user with id ${owner.uid}, but ` +
        `Frontdesk runs as the user with id ${uid}. Start Frontdesk as the user who first started it` +
        `${owner.uid === NOBODY.uid ? ' (root)' : ''}, or choose another DATA_DIR.`,
    )
  }
  return undefined
}

/** Makes a cluster acceptable to PostgreSQL after root restored it or a volume changed its modes. */
export async function claim(folder: string, user: ServerUser | undefined): Promise<void> {
  try {
    if (((await stat(folder)).mode & 0o027) !== 0) await chmod(folder, 0o700)
    if (!user) return
    const entries = await readdir(folder)
    const all = await Promise.all(['', ...entries].map((entry) => lstatIfThere(join(folder, entry))))
    if (all.some((entry) => entry && entry.uid !== user.uid)) await giveTree(folder, user)
  } catch (error) {
    if (!['EPERM', 'EINVAL', 'EACCES', 'EROFS'].includes(codeOf(error))) throw error
    throw new EmbeddedPostgresError(
      `PostgreSQL must not run as root, and ${folder} cannot be handed to the user ` +
        `with id ${user?.uid ?? process.getuid?.()}: ${messageOf(error)}. Start Frontdesk as an ordinary ` +
        'user who may write to DATA_DIR.',
    )
  }
}

async function giveTree(path: string, user: ServerUser): Promise<void> {
  const entry = await lstatIfThere(path)
  if (!entry) return
  // lchown, and never through a link: a link in there must not make root give away something else.
  if (entry.uid !== user.uid) await lchown(path, user.uid, user.gid)
  if (!entry.isDirectory()) return
  for (const name of await readdir(path)) await giveTree(join(path, name), user)
}

/** A running server makes and removes files all the time. */
async function lstatIfThere(path: string): Promise<Stats | undefined> {
  return await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
}

/** Whether `user` may read (and for a folder or program: enter, run) `path`, by the mode bits on the way. */
export async function canReach(path: string, user: ServerUser | undefined): Promise<boolean> {
  if (!user) return true
  const real = await realpath(path).catch(() => undefined)
  if (!real) return false
  const target = await stat(real)
  const executable = target.isDirectory() || (target.mode & 0o111) !== 0
  if (!allows(target, user, executable ? 0o5 : 0o4)) return false
  for (let parent = dirname(real); ; parent = dirname(parent)) {
    if (!allows(await stat(parent), user, 0o1)) return false
    if (parent === dirname(parent)) return true
  }
}

function allows(entry: Stats, user: ServerUser, bits: number): boolean {
  const shift = entry.uid === user.uid ? 6 : entry.gid === user.gid ? 3 : 0
  return ((entry.mode >> shift) & bits) === bits
}
