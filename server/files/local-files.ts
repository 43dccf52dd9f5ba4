// Files on a disk of this machine, or on one that all instances share.
import { randomBytes } from 'node:crypto'
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Files } from './files.ts'

export function localFiles(folder: string): Files {
  /** Few enough files in one folder that listing it stays cheap. */
  const placeOf = (name: string) => join(folder, name.slice(0, 2), name)

  return {
    async put(name, bytes) {
      const place = placeOf(name)
      const parent = dirname(place)
      await makeFolder(parent)
      const temporary = `${place}.${randomBytes(6).toString('hex')}.tmp`
      try {
        await writeThrough(temporary, bytes)
        await rename(temporary, place)
        await syncFolder(parent)
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => {}) // the sweep finds it
        throw error
      }
    },
    async get(name) {
      const file = await open(placeOf(name)).catch(undefinedIfAbsent)
      if (!file) return undefined
      try {
        const { size } = await file.stat()
        return { bytes: size, stream: file.createReadStream() }
      } catch (error) {
        await file.close()
        throw error
      }
    },
    async delete(name) {
      await rm(placeOf(name), { force: true })
    },
    async *list() {
      for (const part of await namesIn(folder)) {
        for (const name of await namesIn(join(folder, part))) {
          const found = await stat(join(folder, part, name)).catch(undefinedIfAbsent)
          if (found?.isFile()) yield { name, modified: found.mtimeMs }
        }
      }
    },
  }
}

async function writeThrough(place: string, bytes: Buffer): Promise<void> {
  const file = await open(place, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The folder, and whichever of those above it are missing, each known to the one above before anything is put into it. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; its file system keeps names in a journal of its own.
  if (process.platform === 'win32') return
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = []
  const entries = await opendir(folder).catch(undefinedIfAbsent)
  for await (const { name } of entries ?? []) names.push(name)
  return names
}

function undefinedIfAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
  throw error
}
