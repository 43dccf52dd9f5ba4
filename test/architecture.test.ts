// The arrows between the parts of the house, checked on the real code; and on a small house that breaks each of
// them, because a rule that never fires looks just like a rule that is kept.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise } from 'dependency-cruiser'
import { afterAll, expect, test } from 'vitest'
import config from '../.dependency-cruiser.cjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const plantedHouse = realpathSync(mkdtempSync(join(tmpdir(), 'frontdesk-architecture-')))
afterAll(() => rmSync(plantedHouse, { recursive: true, force: true }))

/** A house that keeps every arrow: each line of it must stay allowed. */
const lawful: Record<string, string> = {
  'node_modules/typebox/index.js': '',
  'node_modules/kysely/index.js': '',
  'contract/index.ts': `export * from './customers.ts'`,
  'contract/customers.ts': `import 'typebox'`,
  'server/main.ts': `import './app.ts'`,
  'server/app.ts': `import './users/index.ts'; import './tickets/index.ts'; import './auth/index.ts'`,
  'server/context.ts': `export type Context = 1`,
  'server/db/statement.ts': `import 'kysely'`,
  'server/http/api.ts': `import '../../contract/index.ts'`,
  'server/jobs/queue.ts': `import '../context.ts'`,
  'server/files/picture-rules.ts': `import './polyglot-rules.ts'`,
  'server/files/polyglot-rules.ts': ``,
  'server/audit/index.ts': `import './chain-service.ts'`,
  'server/audit/chain-service.ts': `import './chain-repository.ts'`,
  'server/audit/chain-repository.ts': `import '../db/statement.ts'`,
  'server/feed/index.ts': `import './feed-rules.ts'`,
  'server/feed/feed-rules.ts': `import '../change.ts'`,
  'server/change.ts': `import type { Context } from './context.ts'`,
  'server/users/index.ts': `import './user-service.ts'`,
  'server/users/user-service.ts': `import './user-repository.ts'`,
  'server/users/user-repository.ts': `import '../db/statement.ts'`,
  'server/auth/index.ts': `import '../users/index.ts'`,
  'server/customers/index.ts': `import './customer-routes.ts'`,
  'server/customers/customer-routes.ts': `import './customer-service.ts'; import '../http/api.ts'`,
  'server/customers/customer-service.ts': `
    import './customer-rules.ts'; import './customer-repository.ts'; import '../users/index.ts'; import '../audit/index.ts'`,
  'server/customers/customer-repository.ts': `import 'kysely'; import '../db/statement.ts'`,
  'server/customers/customer-rules.ts': `
    import type { Context } from '../context.ts'; import '../../contract/index.ts'; import './customer-policy.ts'`,
  'server/customers/customer-policy.ts': ``,
  'server/notifications/index.ts': `import '../mail/mail.ts'`,
  'server/mail/mail.ts': ``,
  'server/tickets/index.ts': `
    import '../customers/index.ts'; import '../notifications/index.ts'; import '../users/index.ts'`,
  'server/search/index.ts': `import '../tickets/index.ts'`,
  'server/sign-up/index.ts': `import '../auth/index.ts'; import '../customers/index.ts'; import '../users/index.ts'`,
  'test/story.test.ts': `import '../server/main.ts'`,
}

/** One broken arrow for each rule: what a hurried hand might write. */
const planted: { rule: string; file: string; imports: string; asType?: true }[] = [
  { rule: 'users-stands-on-no-module', file: 'server/users/badge.ts', imports: '../tickets/index.ts' },
  { rule: 'feed-stands-on-no-module', file: 'server/feed/names.ts', imports: '../users/index.ts' },
  {
    rule: 'notifications-stands-on-no-module',
    file: 'server/notifications/threads.ts',
    imports: '../tickets/index.ts',
  },
  { rule: 'oauth-stands-on-auth-and-users', file: 'server/oauth/shop.ts', imports: '../tickets/index.ts' },
  { rule: 'auth-stands-on-users', file: 'server/auth/customer.ts', imports: '../customers/index.ts' },
  { rule: 'audit-stands-on-no-module', file: 'server/audit/names.ts', imports: '../users/index.ts' },
  {
    rule: 'customers-stands-on-audit-and-users',
    file: 'server/customers/history.ts',
    imports: '../tickets/index.ts',
  },
  {
    rule: 'tickets-stands-on-audit-and-customers-and-notifications-and-users',
    file: 'server/tickets/key.ts',
    imports: '../auth/index.ts',
  },
  {
    rule: 'sign-up-stands-on-auth-and-customers-and-users',
    file: 'server/sign-up/inbox.ts',
    imports: '../tickets/index.ts',
  },
  {
    rule: 'search-stands-on-tickets',
    file: 'server/search/mail.ts',
    imports: '../auth/index.ts',
  },
  { rule: 'no-circle', file: 'server/loop.ts', imports: './loop-back.ts' },
  { rule: 'contract-is-only-data', file: 'contract/rows.ts', imports: '../server/context.ts', asType: true },
  { rule: 'contract-is-only-data', file: 'contract/files.ts', imports: 'node:fs' },
  { rule: 'contract-is-only-data', file: 'contract/tables.ts', imports: 'kysely', asType: true },
  { rule: 'ground-knows-no-module', file: 'server/db/seed.ts', imports: '../users/index.ts' },
  { rule: 'ground-knows-no-module', file: 'server/http/guard.ts', imports: '../auth/index.ts', asType: true },
  { rule: 'ground-knows-no-module', file: 'server/jobs/nightly.ts', imports: '../tickets/index.ts' },
  { rule: 'ground-knows-no-module', file: 'server/metrics/sales.ts', imports: '../customers/index.ts' },
  {
    rule: 'a-module-enters-another-by-its-door',
    file: 'server/tickets/shortcut.ts',
    imports: '../customers/customer-service.ts',
  },
  {
    rule: 'a-module-enters-another-by-its-door',
    file: 'server/cli/admin.ts',
    imports: '../users/user-service.ts',
  },
  {
    rule: 'the-house-enters-a-module-by-its-door',
    file: 'server/routes.ts',
    imports: './customers/customer-routes.ts',
  },
  { rule: 'rules-are-pure', file: 'server/tickets/db-rules.ts', imports: '../db/statement.ts', asType: true },
  { rule: 'rules-are-pure', file: 'server/tickets/http-policy.ts', imports: '../http/api.ts' },
  {
    rule: 'rules-are-pure',
    file: 'server/customers/lazy-rules.ts',
    imports: './customer-repository.ts',
  },
  {
    rule: 'rules-take-the-context-only-as-a-type',
    file: 'server/tickets/busy-rules.ts',
    imports: '../context.ts',
  },
  { rule: 'sql-lives-in-repositories', file: 'server/tickets/report.ts', imports: 'kysely' },
  {
    rule: 'sql-lives-in-repositories',
    file: 'server/tickets/ticket-service.ts',
    imports: '../db/statement.ts',
  },
  {
    rule: 'routes-only-translate',
    file: 'server/customers/quick-routes.ts',
    imports: './customer-repository.ts',
  },
  { rule: 'nothing-imports-main', file: 'server/restart.ts', imports: './main.ts' },
  { rule: 'product-imports-no-test', file: 'server/demo.ts', imports: '../test/story.test.ts' },
  { rule: 'web-speaks-only-the-contract', file: 'web/list.ts', imports: '../server/app.ts', asType: true },
  { rule: 'nothing-points-into-the-void', file: 'server/ghost.ts', imports: './gone.ts' },
]

test('the real house keeps every arrow', async () => {
  expect(await brokenArrows(root, ['contract', 'server'])).toEqual([])
})

test('a small house that keeps every arrow is left in peace', async () => {
  build(lawful)
  expect(await brokenArrows(plantedHouse, ['contract', 'server', 'test'])).toEqual([])
})

test('each broken arrow is found and named', async () => {
  build(lawful)
  build({ 'server/loop-back.ts': `import './loop.ts'` })
  for (const { file, imports, asType } of planted) {
    build({ [file]: asType ? `import type { A } from '${imports}'` : `import '${imports}'` })
  }

  const found = await brokenArrows(plantedHouse, ['contract', 'server', 'test', 'web'])

  const missed = planted.filter(
    ({ rule, file }) => !found.some((arrow) => arrow.startsWith(`${rule}: `) && arrow.includes(file)),
  )
  expect(missed).toEqual([])
})

test('there is no rule without a planted violation', () => {
  const rules = config.forbidden.map((rule) => rule.name)
  expect(rules.filter((name) => !planted.some(({ rule }) => rule === name))).toEqual([])
})

function build(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    const file = join(plantedHouse, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

async function brokenArrows(baseDir: string, folders: string[]): Promise<string[]> {
  const { forbidden, options } = config
  const { enhancedResolveOptions, ...cruiseOptions } = options
  const { output } = await cruise(
    folders,
    { ...cruiseOptions, baseDir, validate: true, ruleSet: { forbidden } },
    enhancedResolveOptions,
  )
  if (typeof output === 'string') throw new Error(output)
  return output.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)
}
