// The key that signs cursors and cookies, and seals what OAuth keeps: given, or made at the first start and kept in DATA_DIR.
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Config, ConfigError } from './config.ts'

export async function secretKeyOf(config: Config): Promise<string> {
  if (config.secretKey !== undefined) return config.secretKey
  const file = join(config.dataDir, 'secret-key')
  const key = (await readKey(file)) ?? (await makeKey(config.dataDir, file))
  if (Buffer.byteLength(key) >= 32) return key
  throw new ConfigError([
    `${file} does not hold the key that Frontdesk put there; restore it, or remove it to get a new one`,
  ])
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Written beside and then linked into place, so that a kill leaves a whole key or none, and a key is never replaced. */
async function makeKey(folder: string, file: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const fresh = `${file}.${process.pid}`
  try {
    await write(fresh, `${randomBytes(32).toString('hex')}\n`)
    await link(fresh, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(fresh, { force: true })
  }
  await syncFolder(folder)
  const key = await readKey(file)
  if (key === undefined) throw new Error(`${file} vanished while it was being made`)
  return key
}

async function write(file: string, text: string) {
  const handle = await open(file, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A new name survives a power cut only once its folder is written. Windows cannot open folders. */
async function syncFolder(folder: string) {
  if (process.platform === 'win32') return
  const handle = await open(folder)
  await handle.sync().finally(() => handle.close())
}
