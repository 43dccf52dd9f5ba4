// Making the files of a new cluster with PostgreSQL's own initdb. Where they go is cluster.ts's matter.
import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EmbeddedPostgresError, messageOf, OTHER_WAYS } from './errors.ts'
import { makeRunFolder, removeRunFolder } from './run-folder.ts'
import { localeFlags } from './settings.ts'
import { runOnFolder } from './spawning.ts'
import type { Cluster } from './types.ts'
import { passwordFile } from './windows.ts'

export const USER = 'frontdesk'

/** Fills `folder`, which must be empty; throws when it cannot. */
export async function runInitdb(folder: string, cluster: Cluster): Promise<void> {
  const { user, binaries } = cluster
  if (user) {
    await chown(folder, user.uid, user.gid).catch((error: unknown) => {
      throw new EmbeddedPostgresError(
        'PostgreSQL must not run as root, and a folder in DATA_DIR cannot be handed to ' +
          `the user with id ${user.uid}: ${messageOf(error)}. Start Frontdesk as an ordinary user.`,
      )
    })
  }
  const libraries = binaries.links.length > 0 ? await makeRunFolder(cluster) : undefined
  try {
    let failure: string | undefined
    for (const locale of localeFlags(binaries.major)) {
      failure = await initdb(folder, libraries, locale, cluster)
      if (failure === undefined) return await allowOnlyLocal(folder)
      if (!failure.includes('invalid locale')) break
    }
    throw new EmbeddedPostgresError(
      `PostgreSQL could not make a database in ${cluster.dataDir}: ${failure} ` +
        `If its programs do not run on this machine, ${OTHER_WAYS}.`,
    )
  } finally {
    if (libraries) await removeRunFolder(libraries, user)
  }
}

/** Undefined when it went well, else what initdb complained of. */
async function initdb(folder: string, runFolder: string | undefined, locale: string[], cluster: Cluster) {
  const auth =
    process.platform === 'win32'
      ? ['--auth=scram-sha-256', `--pwfile=${await passwordFile(cluster.dataDir)}`]
      : ['--auth=trust']
  const sync = cluster.settings.fsync === 'off' ? ['--no-sync'] : []
  const flags = ['--encoding=UTF8', '--data-checksums', `--username=${USER}`, ...locale, ...auth, ...sync]
  const child = runOnFolder(
    { program: cluster.binaries.initdb, flags, folder, runFolder, output: 'pipe' },
    cluster,
  )
  let complaints = ''
  child.stdout?.resume()
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  return new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) =>
      resolve(
        code === 0
          ? undefined
          : complaints.trim().replace(/\s+/g, ' ') || `initdb was stopped by ${signal ?? `code ${code}`}`,
      ),
    )
  })
}

async function allowOnlyLocal(folder: string): Promise<void> {
  const rule =
    process.platform === 'win32' ? 'host all all 127.0.0.1/32 scram-sha-256' : 'local all all trust'
  await writeFile(join(folder, 'pg_hba.conf'), `# Frontdesk connects from this machine only.\n${rule}\n`)
}
