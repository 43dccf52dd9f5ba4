// The command line. Everything a person can start is listed here.
import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { Command } from 'commander'
import { createAdminAccount } from './commands/create-admin.ts'
import { migrateDatabase } from './commands/migrate.ts'
import { say } from './commands/say.ts'
import { start } from './commands/start.ts'
import { verifyAudit } from './commands/verify-audit.ts'
import { work } from './commands/worker.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { MigrationError } from './db/migrate.ts'
import { EmbeddedPostgresError } from './db/embedded/index.ts'
import type { Environment } from './environment.ts'
import { AppError } from './errors.ts'
import { frontdeskVersion } from './version.ts'

const program = new Command('frontdesk')
  .description('Customers, and what they ask, in one self-hosted product.')
  .version(frontdeskVersion)
  .addHelpText(
    'after',
    '\nConfiguration comes from the environment and from .env; .env.example lists it all.',
  )

program
  .command('start')
  .description('serve the API, and do the jobs; PostgreSQL comes along unless DATABASE_URL names one')
  .action(() => start(configuration()))

program
  .command('migrate')
  .description('bring the database up to this version, and leave (start does it by itself)')
  .action(() => migrateDatabase(configuration()))

program
  .command('worker')
  .description('do the jobs only, beside any number of `frontdesk start`')
  .action(() => work(configuration()))

program
  .command('admin')
  .description('manage admins from the machine itself')
  .command('create')
  .description('make an admin; the password comes from ADMIN_PASSWORD, or is asked for')
  .option('-u, --username <name>', 'name to sign in with (default: ADMIN_USERNAME, or admin)')
  .action(({ username }: { username?: string }) => {
    const config = configuration()
    return createAdminAccount(config, username ?? config.adminUsername)
  })

program
  .command('audit')
  .description('look after the audit log')
  .command('verify')
  .description('verify that no event was changed or removed; beside a running desk, too')
  .option('--expect <number:hash>', 'the end of the chain as it was told and noted down before')
  .action(({ expect }: { expect?: string }) => verifyAudit(configuration(), expect))

/** The environment wins over .env. */
function configuration(): Config {
  return readConfig({ ...dotEnv(), ...process.env })
}

function dotEnv(): Environment {
  if (!existsSync('.env')) return {}
  try {
    return parseEnv(readFileSync('.env', 'utf8'))
  } catch (error) {
    throw new ConfigError([`.env cannot be read: ${error instanceof Error ? error.message : String(error)}`])
  }
}

try {
  await program.parseAsync()
} catch (error) {
  // What a person can mend is told in a sentence; anything else is a bug and shows where it is.
  const mendable =
    [ConfigError, EmbeddedPostgresError, MigrationError, AppError].some((kind) => error instanceof kind) ||
    isListenError(error)
  say(
    mendable && error instanceof Error
      ? sentenceOf(error)
      : `Frontdesk failed: ${error instanceof Error ? error.stack : String(error)}`,
  )
  process.exit(1)
}

function isListenError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'listen'
}

function sentenceOf(error: Error): string {
  if ('code' in error && error.code === 'EADDRINUSE') {
    return `Another program listens there already (${error.message}). Stop it, or choose another PORT.`
  }
  if (isListenError(error)) return `HOST and PORT cannot be listened on (${error.message}). Choose others.`
  return error.message
}
