// A copy of the packaged PostgreSQL where its user can reach it: PostgreSQL resolves the real path of its own
// program, which fails when a parent (say /root) is closed to that user. Made once for each version.
import { constants, existsSync } from 'node:fs'
import { chmod, copyFile, lstat, mkdir, mkdtemp, readdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { EmbeddedPostgresError, messageOf, OTHER_WAYS } from './errors.ts'
import { canReach } from './server-user.ts'
import type { ServerUser } from './types.ts'

export interface RuntimeCopyOptions {
  native: string
  version: string
  dataDir: string
  user: ServerUser | undefined
  links: Links
}

type Links = readonly (readonly [name: string, file: string])[]

/** The copy's folder, with `bin`, `lib` and `share` inside. */
export async function copyRuntime(options: RuntimeCopyOptions): Promise<string> {
  const { native, version, user, dataDir } = options
  const files = await filesToCopy(native)
  const problems: string[] = []
  for (const place of user ? placesForRoot() : [join(dataDir, 'runtime')]) {
    const home = join(place, `postgres-${version}`)
    try {
      await ownFolder(place)
      if (!(await canReach(place, user))) throw new Error(`the user with id ${user?.uid} may not enter it`)
      if (!(await isComplete(home, files, options.links))) await install(home, files, options)
      return home
    } catch (error) {
      problems.push(`${place}: ${messageOf(error)}`)
    }
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL cannot run from ${native}, and it could not be copied to another folder ` +
      `(${problems.join('; ')}). Make one of them usable, or ${OTHER_WAYS}.`,
  )
}

function placesForRoot(): string[] {
  return ['/var/lib/frontdesk', resolve(tmpdir(), 'frontdesk-runtime'), '/tmp/frontdesk-runtime']
}

/** Refuses a folder that somebody else prepared: programs in there would run with our rights. */
async function ownFolder(place: string): Promise<void> {
  await mkdir(place, { mode: 0o755 }).then(
    () => chmod(place, 0o755),
    () => undefined,
  )
  const entry = await lstat(place)
  if (!entry.isDirectory() || entry.uid !== process.getuid?.() || (entry.mode & 0o022) !== 0) {
    throw new Error('it is not a folder that only we may change')
  }
}

/** Relative path to size. Static libraries and build hints stay behind: nothing loads them. */
async function filesToCopy(native: string): Promise<Map<string, number>> {
  const entries = await readdir(native, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const wanted = paths.filter((path) => !/\.a$|[\\/]pkgconfig[\\/]/.test(path))
  return new Map(
    await Promise.all(wanted.map(async (path) => [relative(native, path), (await stat(path)).size] as const)),
  )
}

/** Looked at on each start, since cleaners of temporary folders and power cuts take files one by one. */
async function isComplete(home: string, files: Map<string, number>, links: Links): Promise<boolean> {
  const same = await Promise.all(
    [...files].map(([path, size]) =>
      lstat(join(home, path)).then(
        (entry) => entry.isFile() && entry.size === size,
        () => false,
      ),
    ),
  )
  const linked = links.map(([name]) => existsSync(join(home, 'lib', name)))
  return [...same, ...linked].every(Boolean)
}

async function install(home: string, files: Map<string, number>, options: RuntimeCopyOptions): Promise<void> {
  const fresh = await mkdtemp(`${home}.new-`)
  try {
    await fill(fresh, files, options)
    if (!(await isComplete(fresh, files, options.links)))
      throw new Error('the copy is not complete; is the disk full?')
    // An incomplete one is moved away first: a server that still runs from it keeps its open files.
    await rename(home, `${fresh}-replaced`).catch(() => undefined)
    await rename(fresh, home).catch(async (error: unknown) => {
      // Another process finished the same copy between the two renames: theirs is as good.
      if (!(await isComplete(home, files, options.links))) throw error
    })
  } finally {
    await rm(fresh, { recursive: true, force: true })
    await rm(`${fresh}-replaced`, { recursive: true, force: true })
  }
}

async function fill(fresh: string, files: Map<string, number>, options: RuntimeCopyOptions): Promise<void> {
  const folders = new Set([...files.keys(), 'lib/any'].flatMap(parents))
  for (const folder of [...folders].sort()) {
    if (folder !== '.') await mkdir(join(fresh, folder), { recursive: true })
    // Modes are set in so many words: a umask of 077 must not close the copy to the user it is made for.
    await chmod(join(fresh, folder), 0o755)
  }
  for (const path of files.keys()) {
    const [from, to] = [join(options.native, path), join(fresh, path)]
    await copyFile(from, to, constants.COPYFILE_FICLONE)
    await chmod(to, ((await stat(from)).mode & 0o111) !== 0 ? 0o755 : 0o644)
  }
  const links = options.links.filter(([name]) => !files.has(join('lib', name)))
  for (const [name, file] of links) await symlink(file, join(fresh, 'lib', name))
}

function parents(path: string): string[] {
  const parent = dirname(path)
  return parent === '.' ? ['.'] : [...parents(parent), parent]
}
