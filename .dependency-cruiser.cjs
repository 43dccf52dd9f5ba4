// The arrows of docs/architecture.md as rules: which part may import which. test/architecture.test.ts runs them and
// shows with a planted violation that each one bites. Type imports count: an idea that leaks is a leak too.

// What a module may stand on.
const moduleArrows = {
  audit: [],
  users: [],
  auth: ['users'],
  customers: ['audit', 'users'],
  feed: [],
  notifications: [],
  oauth: ['auth', 'users'],
  search: ['tickets'],
  'sign-up': ['auth', 'customers', 'users'],
  tickets: ['audit', 'customers', 'notifications', 'users'],
}
const anyModule = `^server/(?:${Object.keys(moduleArrows).join('|')})/`
const frontDoor = '^server/[^/]+/index[.]ts$'

const oneWay = Object.entries(moduleArrows).map(([module, allowed]) => ({
  name: `${module}-stands-on-${allowed.join('-and-') || 'no-module'}`,
  from: { path: `^server/${module}/` },
  to: { path: anyModule, pathNot: `^server/(?:${[module, ...allowed].join('|')})/` },
}))

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const arrows = [
  ...oneWay,
  {
    name: 'no-circle',
    from: {},
    to: { circular: true },
  },
  {
    name: 'contract-is-only-data',
    comment: 'The web app and every client load it: it knows the schema library and itself.',
    from: { path: '^contract/', pathNot: '[.]test[.]ts$' },
    to: { pathNot: '^(?:contract/|node_modules/typebox/)' },
  },
  {
    name: 'ground-knows-no-module',
    comment:
      'Modules stand on credentials, db, files, http, jobs, mail and metrics, never the other way round.',
    from: { path: '^server/(?:credentials|db|files|http|jobs|mail|metrics)/', pathNot: '[.]test[.]ts$' },
    to: { path: anyModule },
  },
  {
    name: 'a-module-enters-another-by-its-door',
    from: { path: '^server/([^/]+)/' },
    to: { path: anyModule, pathNot: [frontDoor, '^server/$1/'] },
  },
  {
    name: 'the-house-enters-a-module-by-its-door',
    comment: 'Files right under server/, such as the one that puts the application together.',
    from: { path: '^server/[^/]+$' },
    to: { path: anyModule, pathNot: frontDoor },
  },
  {
    name: 'rules-are-pure',
    comment: 'A rule can be read and tested without a database or a request. It may stand on another one.',
    from: { path: '^server/.+-(?:rules|policy)[.]ts$' },
    to: {
      path: [
        '^server/(?:credentials|db|files|http|jobs|mail|metrics)/',
        '-(?:repository|service|routes)[.]ts$',
        '^node_modules/(?:kysely|pg|fastify)/',
      ],
      pathNot: '-rules[.]ts$',
    },
  },
  {
    name: 'rules-take-the-context-only-as-a-type',
    from: { path: '^server/.+-(?:rules|policy)[.]ts$' },
    to: { path: '^server/context[.]ts$', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'sql-lives-in-repositories',
    from: { path: '^(?:contract|server)/', pathNot: ['-repository[.]ts$', '^server/db/', '[.]test[.]ts$'] },
    to: { path: ['^node_modules/kysely/', '^server/db/statement[.]ts$'] },
  },
  {
    name: 'routes-only-translate',
    from: { path: '-routes[.]ts$' },
    to: { path: '-repository[.]ts$' },
  },
  {
    name: 'nothing-imports-main',
    comment: 'Importing it starts a server. Only tests and measures do that.',
    from: { pathNot: '^(?:test|bench)/' },
    to: { path: '^server/main[.]ts$' },
  },
  {
    name: 'product-imports-no-test',
    from: { path: '^(?:contract|server|web)/', pathNot: '[.]test[.]ts$' },
    to: { path: ['^(?:test|bench)/', '[.]test[.]ts$'] },
  },
  {
    name: 'web-speaks-only-the-contract',
    from: { path: '^web/' },
    to: { path: '^server/' },
  },
  {
    name: 'nothing-points-into-the-void',
    from: {},
    to: { couldNotResolve: true },
  },
]

module.exports = {
  forbidden: arrows.map((rule) => ({ ...rule, severity: /** @type {const} */ ('error') })),
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: '^node_modules/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
