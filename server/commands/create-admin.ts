// `frontdesk admin create`: for whoever holds the machine, also when no admin can sign in any more.
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { Check } from 'typebox/value'
import { username as usernameRule } from '../../contract/index.ts'
import { createAdmin } from '../auth/index.ts'
import type { Config } from '../config.ts'
import { badRequest } from '../errors.ts'
import { say } from './say.ts'
import { withDatabase } from './with-database.ts'

export async function createAdminAccount(config: Config, username: string): Promise<void> {
  if (!Check(usernameRule, username)) {
    throw badRequest(
      'bad_username',
      `The username must be at most 150 letters, digits and @ . + - _, not ${username}.`,
    )
  }
  const password = config.adminPassword ?? (await askForPassword(username))
  await withDatabase(config, async (ctx) => {
    const admin = await createAdmin(ctx, username, password)
    say(`Made the admin ${admin.username} (user ${admin.id}).`)
  })
}

/** From the terminal, twice and without showing it, or from a pipe: its first line. */
async function askForPassword(username: string): Promise<string> {
  const terminal = process.stdin.isTTY === true
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: hidden, terminal })
  const answers = lines[Symbol.asyncIterator]()
  const ask = async (question: string) => {
    if (terminal) process.stderr.write(question)
    const { value } = await answers.next()
    if (terminal) process.stderr.write('\n')
    return value ?? ''
  }
  try {
    const password = await ask(`Password for ${username}: `)
    if (password === '')
      throw badRequest('no_password', 'Give the password in ADMIN_PASSWORD, or as a line on standard input.')
    if (terminal && (await ask('The same again: ')) !== password)
      throw badRequest('not_the_same', 'The two passwords are not the same.')
    return password
  } finally {
    lines.close()
  }
}
