// What a desk under test keeps outside of its database: files in a folder of its own, and the process that reads pictures.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Context } from '../../server/context.ts'
import { localFiles } from '../../server/files/local-files.ts'
import { openPictures } from '../../server/files/pictures.ts'

export interface Stores {
  /** For a context to be made with. */
  readonly stores: Pick<Context, 'files' | 'pictures'>
  readonly folder: string
  close(): Promise<void>
}

export async function openStores(): Promise<Stores> {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-files-'))
  const pictures = openPictures()
  return {
    stores: { files: localFiles(folder), pictures },
    folder,
    async close() {
      pictures.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
