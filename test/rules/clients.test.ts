// What a client of OAuth may be, and may ask for.
import { describe, expect, test } from 'vitest'
import { endpoints, type GrantType, roles, type Scope, scopeNames } from '../../contract/index.ts'
import { nameOf } from '../../server/oauth/account-rules.ts'
import {
  actsForUsers,
  deviceCode,
  docsClientId,
  faultsOfClient,
  isBuiltIn,
  isNative,
  scopesOf,
} from '../../server/oauth/client-rules.ts'
import { grantable, knownScopesIn, scopesIn } from '../../server/oauth/scope-rules.ts'
import { refusalOf } from '../../server/policy.ts'

const sample = {
  confidential: true,
  first_party: false,
  role: 'operator' as const,
  grant_types: ['authorization_code', 'refresh_token'] as GrantType[],
  redirect_uris: ['https://invoices.example/callback'],
  scopes: ['customers:read'] as Scope[],
}
type Change = Partial<typeof sample>

test('the documentation alone comes with the house', () => {
  expect(docsClientId).toBe('frontdesk-docs')
  expect(isBuiltIn({ client_id: 'frontdesk-docs' })).toBe(true)
  expect(isBuiltIn({ client_id: 'frontdesk-docs2' })).toBe(false)
})

test.each<[GrantType[], boolean]>([
  [['authorization_code'], true],
  [['urn:ietf:params:oauth:grant-type:device_code'], true],
  [['password'], true],
  [['client_credentials', 'password'], true],
  [['client_credentials'], false],
  [['client_credentials', 'refresh_token'], false],
  [[], false],
])('by %j it acts for users: %s', (grant_types, expected) => {
  expect(actsForUsers({ grant_types })).toBe(expected)
})

test('the sign-in is asked for by who acts for users alone', () => {
  expect(scopesOf(sample)).toEqual(['customers:read', 'openid', 'profile', 'email', 'offline_access'])
  expect(scopesOf({ ...sample, grant_types: [deviceCode], scopes: [] })).toContain('openid')
  expect(scopesOf({ ...sample, grant_types: ['client_credentials'] })).toEqual(['customers:read'])
})

test.each<[Change, boolean]>([
  [{}, false],
  [{ confidential: false }, false],
  [{ redirect_uris: [] }, false],
  [{ redirect_uris: ['com.example.app:/callback'] }, true],
  [{ redirect_uris: ['https://invoices.example/callback', 'com.example.app:/callback'] }, true],
  [{ redirect_uris: ['http://127.0.0.1/callback'] }, false],
  [{ redirect_uris: ['http://127.0.0.1/callback'], confidential: false }, true],
  [{ redirect_uris: ['com.example.app:/http://127.0.0.1'] }, true],
])('with %j it is an app on the person’s own machine: %s', (change, expected) => {
  expect(isNative({ ...sample, ...change })).toBe(expected)
})

describe('a client', () => {
  test.each<Change>([
    {},
    { confidential: false },
    { redirect_uris: ['http://127.0.0.1/callback', 'com.example.app:/callback'], confidential: false },
    { redirect_uris: ['https://localhost/callback'] },
    { grant_types: ['client_credentials'], redirect_uris: [] },
    { grant_types: ['password'], first_party: true, redirect_uris: [] },
    { grant_types: [deviceCode], redirect_uris: [], confidential: false },
  ])('may be one with %j', (change) => expect(faultsOfClient({ ...sample, ...change })).toEqual([]))

  test.each<[Change, string, string]>([
    [
      { redirect_uris: [] },
      '/redirect_uris',
      'must name at least one place, since authorization_code sends browsers back',
    ],
    [
      { redirect_uris: ['https://invoices.example/callback', 'https://invoices.example/#'] },
      '/redirect_uris/1',
      'must not have a fragment',
    ],
    [
      { redirect_uris: ['com.example.app:/callback', 'https://localhost/callback'] },
      '/redirect_uris',
      'must not be https on this machine’s own address, for an app',
    ],
    [
      { grant_types: ['client_credentials'], confidential: false },
      '/grant_types',
      'must not name client_credentials where the client cannot keep a secret',
    ],
    [
      { grant_types: ['password'] },
      '/grant_types',
      'must not name password for a client that is not first-party',
    ],
  ])('may not be one with %j', (change, pointer, detail) => {
    expect(faultsOfClient({ ...sample, ...change })).toEqual([{ in: 'body', pointer, detail }])
  })

  test('is told all that is wrong at once', () => {
    const faults = faultsOfClient({
      ...sample,
      grant_types: ['authorization_code', 'client_credentials', 'password'],
      redirect_uris: [],
      confidential: false,
    })
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/redirect_uris', '/grant_types', '/grant_types'])
  })
})

test.each([
  ['openid customers:read', ['openid', 'customers:read'], ['openid', 'customers:read']],
  [' customers:read  openid customers:read', ['customers:read', 'openid'], ['customers:read', 'openid']],
  ['customers:read everything', ['customers:read', 'everything'], ['customers:read']],
  ['customers:read\topenid', ['customers:read\topenid'], []],
  ['', [], []],
  [undefined, [], []],
  [7, [], []],
  [['openid'], [], []],
])('of %j the scopes are %j, of which %j are known', (scope, names, known) => {
  expect(scopesIn(scope)).toEqual(names)
  expect(knownScopesIn(scope)).toEqual(known)
})

test('every scope of the API and of signing in is known', () => {
  const all = ['openid', 'profile', 'email', 'offline_access', ...scopeNames]
  expect(knownScopesIn(all.join(' '))).toEqual(all)
})

test.each([
  ['Ed', 'Stark', 'Ed Stark'],
  ['', 'Stark', 'Stark'],
  ['Ed', '', 'Ed'],
  ['', '', ''],
])('%j and %j make the name %j', (first_name, last_name, name) => {
  expect(nameOf({ first_name, last_name })).toBe(name)
})

describe('what a person can grant', () => {
  test.each([
    ['customer', 'openid account:read users:write', ['openid', 'account:read'], ['users:write']],
    ['operator', 'customers:read audit:read', ['customers:read'], ['audit:read']],
    ['operator', 'users:write', [], ['users:write']],
    ['admin', 'audit:read users:write everything', ['audit:read', 'users:write'], []],
    ['customer', undefined, [], []],
  ] as const)('as %s, asked for %j, is %j and not %j', (role, scope, may, mayNot) => {
    expect(grantable(scope, role)).toEqual({ may, mayNot })
  })

  test('is what their role can use: who signed in always, and each scope of a call that they may make', () => {
    const signIn = 'openid profile email offline_access'
    for (const role of roles) {
      expect(grantable(signIn, role)).toEqual({ may: signIn.split(' '), mayNot: [] })
      for (const scope of scopeNames) {
        const opened = endpoints.filter(({ config }) => config.scope === scope)
        const may = opened.some(({ config }) => refusalOf({ role, scopes: null }, config) === undefined)
        expect(grantable(scope, role).may, `${role} ${scope}`).toEqual(may ? [scope] : [])
      }
    }
    expect(grantable(scopeNames.join(' '), 'admin')).toEqual({ may: scopeNames, mayNot: [] })
  })
})
