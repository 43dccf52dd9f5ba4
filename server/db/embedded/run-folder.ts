// The private folder in which one server listens: its socket, and the library links that the package lacks.
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { EmbeddedPostgresError } from './errors.ts'
import { canReach } from './server-user.ts'
import type { Cluster, ServerUser } from './types.ts'

export const SOCKET_PORT = 5432
const PREFIX = 'frontdesk-pg-'
const SOCKET = `.s.PGSQL.${SOCKET_PORT}`
// struct sockaddr_un holds 108 bytes on Linux, 104 elsewhere, the closing zero included.
const LONGEST_SOCKET_PATH = process.platform === 'linux' ? 107 : 103

export async function makeRunFolder(cluster: Cluster): Promise<string> {
  for (const parent of new Set([resolve(tmpdir()), '/tmp'])) {
    const socket = join(parent, `${PREFIX}XXXXXX`, SOCKET)
    if (Buffer.byteLength(socket) > LONGEST_SOCKET_PATH || !(await canReach(parent, cluster.user))) continue
    const folder = await mkdtemp(join(parent, PREFIX)).catch(() => undefined)
    if (folder) return await furnish(folder, cluster)
  }
  throw new EmbeddedPostgresError(
    'PostgreSQL needs a small folder for its socket, but neither ' +
      `${resolve(tmpdir())} nor /tmp can hold one. Set TMPDIR to a folder with a short path, open to all.`,
  )
}

/** The same path again, for a server that takes the place of one that died: its clients know this address. */
export async function remakeRunFolder(folder: string, cluster: Cluster): Promise<string> {
  if (await isRunFolder(folder, cluster.user)) {
    // Emptied and never removed: in the moment without it another user of the machine could make one of that name, and
    // answer our clients in PostgreSQL's place. Ours while root works in it, for the same reason as below.
    if (cluster.user) await chown(folder, 0, 0)
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true })
  } else {
    await mkdir(folder, { mode: 0o700 })
  }
  return await furnish(folder, cluster)
}

async function furnish(folder: string, { binaries, user }: Cluster): Promise<string> {
  const library = libraryFolder(folder)
  if (binaries.links.length > 0) {
    await mkdir(library)
    await chmod(library, 0o755)
    await Promise.all(binaries.links.map(([name, file]) => symlink(file, join(library, name))))
  }
  // Handed over last: as long as root works in it, nobody else may change it.
  if (user) await chown(folder, user.uid, user.gid)
  return folder
}

export function libraryFolder(runFolder: string): string {
  return join(runFolder, 'lib')
}

/** Removes a run folder, and only that: the path may come from a file that others could write. */
export async function removeRunFolder(folder: string, user: ServerUser | undefined): Promise<void> {
  if (await isRunFolder(folder, user)) await rm(folder, { recursive: true, force: true })
}

async function isRunFolder(folder: string, user: ServerUser | undefined): Promise<boolean> {
  if (!/^frontdesk-pg-[A-Za-z0-9]{6}$/.test(basename(folder))) return false
  const entry = await lstat(folder).catch(() => undefined)
  const owners = [process.getuid?.(), user?.uid]
  return entry !== undefined && entry.isDirectory() && owners.includes(entry.uid)
}
