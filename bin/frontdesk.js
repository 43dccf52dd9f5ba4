#!/usr/bin/env node
// The door a person knocks on: installs what is missing, then runs the server under the right Node.
// Plain JavaScript without dependencies, because it must start on the Node that the system happens to have.
import { fileURLToPath } from 'node:url'
import { FriendlyError } from './support/friendly-error.js'
import { ensureInstalled } from './support/install.js'
import { stopWhenOrphaned } from './support/orphan.js'
import { runServer } from './support/runtime.js'

const root = fileURLToPath(new URL('..', import.meta.url))

stopWhenOrphaned()
try {
  const installed = await ensureInstalled(root)
  await runServer(root, process.argv.slice(2), { mayStayHere: !installed })
} catch (error) {
  if (!(error instanceof FriendlyError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
