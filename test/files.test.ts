// The file store on a disk of this machine.
import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readlink, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openFiles } from '../server/files/open-files.ts'
import { fileStorePromises } from './support/file-store-promises.ts'
import { openStores } from './support/stores.ts'

const { folder, close } = await openStores()
afterAll(close)
const dataDir = join(folder, 'data')
const files = await openFiles({ dataDir, s3: undefined })

describe('files on disk', () => {
  fileStorePromises(() => files)
})

test('nobody else on this machine can read them', async () => {
  await files.put('ab-secret', Buffer.from('secret'))
  for (const place of ['files', 'files/ab'])
    expect((await stat(join(dataDir, place))).mode & 0o777).toBe(0o700)
  expect((await stat(join(dataDir, 'files/ab/ab-secret'))).mode & 0o777).toBe(0o600)
})

test('what a write that was cut off has left is listed, so that the sweep finds it', async () => {
  await mkdir(join(dataDir, 'files/xy'), { recursive: true })
  await writeFile(join(dataDir, 'files/xy/xy-cut.0123456789ab.tmp'), 'half')
  const names: string[] = []
  for await (const { name } of files.list()) names.push(name)
  expect(names).toContain('xy-cut.0123456789ab.tmp')
  await files.delete('xy-cut.0123456789ab.tmp')
  expect(await readdir(join(dataDir, 'files/xy'))).toEqual([])
})

test.runIf(process.platform === 'linux')(
  'a file is on the disk before it has its name, and its name before anybody hears of it',
  async () => {
    const place = join(dataDir, 'files/zz/zz-durable')
    const handle = await open(folder)
    const prototype: { sync: () => Promise<void> } = Object.getPrototypeOf(handle)
    await handle.close()
    const { sync } = prototype
    const synced: [what: string, named: boolean][] = []
    prototype.sync = async function (this: FileHandle) {
      const what = await readlink(`/proc/self/fd/${this.fd}`)
      synced.push([what.replace(/[0-9a-f]{12}[.]tmp$/, '…'), existsSync(place)])
      return sync.call(this)
    }
    try {
      await files.put('zz-durable', Buffer.from('safe'))
    } finally {
      prototype.sync = sync
    }
    expect(synced).toEqual([
      [join(dataDir, 'files'), false], // which has a new folder
      [`${place}.…`, false],
      [join(dataDir, 'files/zz'), true],
    ])
  },
)

test('a write that fails leaves nothing behind, and is told as something to try again', async () => {
  await mkdir(join(dataDir, 'files/no/no-in-the-way/full'), { recursive: true })
  await expect(files.put('no-in-the-way', Buffer.from('x'))).rejects.toMatchObject({
    status: 503,
    code: 'unavailable',
  })
  expect(await readdir(join(dataDir, 'files/no'))).toEqual(['no-in-the-way'])
})

test('an empty store lists nothing', async () => {
  const none = await openFiles({ dataDir: join(folder, 'nothing-here'), s3: undefined })
  for await (const file of none.list()) expect(file).toBeUndefined()
})
