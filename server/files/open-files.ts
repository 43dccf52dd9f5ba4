// Which file store there is follows from the configuration.
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { unavailable } from '../errors.ts'
import type { Files } from './files.ts'
import { localFiles } from './local-files.ts'

export async function openFiles({ dataDir, s3 }: Pick<Config, 'dataDir' | 's3'>): Promise<Files> {
  if (!s3) return tellingCallers(localFiles(join(dataDir, 'files')))
  // Most desks have no use for it, and it takes a while to load.
  const { s3Files } = await import('./s3-files.ts')
  return tellingCallers(s3Files(s3))
}

/** Whatever is wrong with a store, callers may try again; the log says what it was. */
function tellingCallers(files: Files): Files {
  const told = (error: unknown) => {
    throw unavailable('The file store does not work as it should right now; try again soon.', error)
  }
  return {
    put: (name, bytes) => files.put(name, bytes).catch(told),
    get: (name) => files.get(name).catch(told),
    delete: (name) => files.delete(name).catch(told),
    list: () => files.list(),
  }
}
