// Windows has no unix sockets in `pg`: there the server listens on a free port of 127.0.0.1, with a password.
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

/** The path of the generated password; made once, and the first writer wins. */
export async function passwordFile(dataDir: string): Promise<string> {
  const path = join(dataDir, 'postgres-password')
  await writeFile(path, randomBytes(24).toString('base64url'), { flag: 'wx', mode: 0o600 }).catch(
    () => undefined,
  )
  return path
}

export async function readPassword(dataDir: string): Promise<string> {
  return (await readFile(await passwordFile(dataDir), 'utf8')).trim()
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
