import { describe, expect, test } from 'vitest'
import { endpoints, roles, scopeNames, scopes } from '../../contract/index.ts'
import { hasScope, refusalOf } from '../../server/policy.ts'

describe('who may call what', () => {
  test.each([
    // role, scopes, access, scope: why not
    ['customer', null, 'anyone', undefined, undefined],
    ['customer', [], 'anyone', undefined, undefined],
    ['customer', null, 'customer', undefined, undefined],
    ['customer', null, 'operator', undefined, 'role'],
    ['operator', null, 'operator', 'customers:read', undefined],
    ['operator', null, 'admin', 'users:write', 'role'],
    ['admin', null, 'admin', 'users:write', undefined],
    // A client that acts for somebody
    ['admin', [], 'admin', 'users:write', 'scope'],
    ['admin', ['users:write'], 'admin', 'users:write', undefined],
    ['admin', ['users:read', 'customers:write'], 'admin', 'users:write', 'scope'],
    ['operator', ['users:write'], 'admin', 'users:write', 'role'],
    // What names no scope is not for clients, whatever they were granted.
    ['admin', [...scopeNames], 'customer', undefined, 'scope'],
    ['admin', [], 'customer', undefined, 'scope'],
  ] as const)('%s with the scopes %j, of what is for %s and %s: %s', (role, granted, access, scope, why) => {
    expect(refusalOf({ role, scopes: granted }, { access, scope })).toBe(why)
  })

  test('a scope is granted by its own name alone', () => {
    for (const scope of scopeNames) {
      expect(hasScope({ scopes: [scope] }, scope)).toBe(true)
      expect(hasScope({ scopes: scopeNames.filter((name) => name !== scope) }, scope)).toBe(false)
      expect(hasScope({ scopes: null }, scope)).toBe(true)
    }
    expect(hasScope({ scopes: null }, undefined)).toBe(true)
  })

  test('each scope opens something, says in words what, and opens no credential of the person', () => {
    const named = new Set(endpoints.map(({ config }) => config.scope))
    for (const scope of scopeNames) {
      expect(named.has(scope), scope).toBe(true)
      expect(scopes[scope]).toMatch(/^[A-Z]/)
    }
    const theirs = endpoints.filter(({ url }) => /\/(?:me\/.+|session|oauth\/.+|token|setup)$/.test(url))
    expect(theirs.length).toBeGreaterThan(8)
    for (const { config, schema } of theirs) expect(config.scope, schema.operationId).toBeUndefined()
  })

  test('each role may do all that the one before it may, but for what only customers do', () => {
    expect(endpoints.filter(({ config }) => config.upTo).map(({ schema }) => schema.operationId)).toEqual([
      'openNewTicket',
      'openTicket',
    ])
    for (const { config } of endpoints.filter(({ config }) => !config.upTo)) {
      const may = roles.map((role) => refusalOf({ role, scopes: null }, config) === undefined)
      expect(may).toEqual([...may].sort((a, b) => Number(a) - Number(b)))
      expect(may.at(-1)).toBe(true)
    }
    for (const { config } of endpoints.filter(({ config }) => config.upTo))
      expect(roles.filter((role) => refusalOf({ role, scopes: null }, config) === undefined)).toEqual([
        'customer',
      ])
  })
})
