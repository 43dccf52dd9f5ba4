// A real browser: the Chromium that npm brings along on Linux (x64), the one that CHROMIUM_PATH names, or an installed Chrome.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { inflate } from '@sparticuz/chromium'
import { type Browser, chromium, type LaunchOptions } from 'playwright-core'

/** Not the package's own flags, which turn off what keeps sites apart. */
const args = ['--no-sandbox', '--headless=shell', '--disable-gpu', '--disable-background-networking']

export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ ...(await where()), args })
}

async function where(): Promise<LaunchOptions> {
  const { CHROMIUM_PATH: own } = process.env
  if (own) return { executablePath: own }
  if (process.platform !== 'linux' || process.arch !== 'x64') return { channel: 'chrome' }
  const folder = await unpacked()
  return {
    executablePath: join(folder, 'chromium'),
    env: { ...environment(), LD_LIBRARY_PATH: join(folder, 'al2023', 'lib') },
  }
}

const environment = () =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )

/** The package's archives, unpacked once; whoever comes second while that goes on unpacks, too, and one of them is kept. */
async function unpacked(): Promise<string> {
  const packed = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..')
  const { version } = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8')) as { version: string }
  const cache = join(packed, '..', '..', '.cache')
  const folder = join(cache, `chromium-${version}`)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const fresh = mkdtempSync(join(cache, 'chromium-'))
  const { TMPDIR } = process.env
  try {
    // Where the package unpacks to.
    process.env['TMPDIR'] = fresh
    for (const archive of ['chromium.br', 'al2023.tar.br', 'fonts.tar.br'])
      await inflate(join(packed, 'bin', archive))
    renameSync(fresh, folder)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = TMPDIR
  }
  return folder
}
