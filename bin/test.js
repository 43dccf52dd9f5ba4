// npm test: installs what is missing, runs vitest under the right Node, and closes with one line that can be
// read by eye and by program. Arguments go to vitest: `npm test -- customers`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { leaveLike, run } from './support/child.js'
import { FriendlyError } from './support/friendly-error.js'
import { ensureInstalled } from './support/install.js'
import { stopWhenOrphaned } from './support/orphan.js'
import { chooseNode } from './support/runtime.js'
import { readCount } from './support/test-count.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const reporters = ['--reporter=default', `--reporter=${join(root, 'bin/support/counting-reporter.js')}`]

stopWhenOrphaned()
try {
  await ensureInstalled(root)
  await test(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof FriendlyError)) throw error
  console.log(`${error.message}\n0 passed, 1 failed`)
  process.exitCode = 1
}

/** @param {string[]} args */
async function test(args) {
  const folder = mkdtempSync(join(tmpdir(), 'frontdesk-test-'))
  const file = join(folder, 'count.json')
  const env = { ...process.env, FRONTDESK_TEST_COUNT: file }
  const outcome = await run(chooseNode(root), [vitest, 'run', ...reporters, ...args], {
    cwd: root,
    stdio: 'inherit',
    env,
  })
  const { passed, failed, skipped, remark } = readCount(file, outcome)
  rmSync(folder, { recursive: true, force: true })

  for (const name of skipped) console.log(`skipped: ${name}`)
  if (remark) console.log(remark)
  console.log(`${passed} passed, ${failed} failed`)
  if (outcome.signal !== null) await leaveLike(outcome)
  process.exitCode = failed > 0 ? 1 : 0
}
