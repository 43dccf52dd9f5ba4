// Every rule of the configuration. readConfig is pure but for the files that NAME_FILE names.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../server/config.ts'
import type { Environment } from '../server/environment.ts'

const folder = mkdtempSync(join(tmpdir(), 'frontdesk-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const key = '0123456789abcdef'.repeat(2)

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** The mistakes that it is refused for. */
function mistakesIn(env: Environment): string[] {
  try {
    readConfig(env)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n  - ').slice(1)
  }
}

test('without any configuration everything has a value that suits one machine', () => {
  expect(readConfig({})).toEqual({
    host: '127.0.0.1',
    port: 8000,
    databaseUrl: undefined,
    dataDir: resolve('data'),
    s3: undefined,
    secretKey: undefined,
    publicUrl: 'http://127.0.0.1:8000',
    mail: { smtp: undefined, from: 'frontdesk@localhost' },
    adminUsername: 'admin',
    adminPassword: undefined,
    anonymousRole: undefined,
    rateLimit: true,
    apiRateLimit: 6_000,
    requestsAtOnce: 256,
    passwordMinLength: 8,
    tokenLifetimeSeconds: 30 * 86_400,
    logLevel: 'info',
    oauthPasswordGrant: false,
    signUp: true,
    ticketVisibility: 'own',
    metricsToken: undefined,
    trustProxy: [],
    postgresBin: undefined,
  })
})

test('everything can be set', () => {
  const env = {
    HOST: '0.0.0.0',
    PORT: '80',
    DATABASE_URL: 'postgresql://desk:pw@db.example:5433/desk?sslmode=require',
    DATA_DIR: '/srv/desk',
    SECRET_KEY: key,
    PUBLIC_URL: 'https://desk.example.com/',
    ADMIN_USERNAME: 'jon.snow@wall-1',
    ADMIN_PASSWORD: 'twelve chars',
    API_RATE_LIMIT: '600',
    REQUESTS_AT_ONCE: '64',
    PASSWORD_MIN_LENGTH: '12',
    TOKEN_LIFETIME: '12h',
    LOG_LEVEL: 'warn',
    OAUTH_PASSWORD_GRANT: 'on',
    SIGN_UP: 'off',
    TICKET_VISIBILITY: 'all',
    METRICS_TOKEN: 'a-token-for-a-monitor',
    TRUST_PROXY: '10.0.0.7, 10.1.0.0/16,fd00::/8, loopback',
    FRONTDESK_PG_BIN: '/opt/pg/bin',
  }

  expect(readConfig(env)).toMatchObject({
    host: '0.0.0.0',
    port: 80,
    databaseUrl: env.DATABASE_URL,
    dataDir: '/srv/desk',
    secretKey: key,
    publicUrl: 'https://desk.example.com',
    adminUsername: 'jon.snow@wall-1',
    adminPassword: 'twelve chars',
    apiRateLimit: 600,
    requestsAtOnce: 64,
    passwordMinLength: 12,
    tokenLifetimeSeconds: 43_200,
    logLevel: 'warn',
    oauthPasswordGrant: true,
    signUp: false,
    ticketVisibility: 'all',
    metricsToken: 'a-token-for-a-monitor',
    trustProxy: ['10.0.0.7', '10.1.0.0/16', 'fd00::/8', 'loopback'],
    postgresBin: '/opt/pg/bin',
  })
  expect(readConfig({ ANONYMOUS_ROLE: 'operator', RATE_LIMIT: 'off' })).toMatchObject({
    anonymousRole: 'operator',
    rateLimit: false,
  })
})

test('what is empty is not given', () => {
  expect(
    readConfig({ PORT: '', SECRET_KEY: '', ANONYMOUS_ROLE: '', ADMIN_PASSWORD: '', DATABASE_URL_FILE: '' }),
  ).toEqual(readConfig({}))
})

test('all mistakes are named at once, in sentences that hold no secret', () => {
  const env = {
    PORT: '0',
    LOG_LEVEL: 'loud',
    DATABASE_URL: 'mysql://desk:hush-hush@db/desk',
    SECRET_KEY: 'hush-hush',
    METRICS_TOKEN: 'hush-hush',
    TRUST_PROXY: 'true',
  }
  const mistakes = mistakesIn(env)

  expect(mistakes.map((mistake) => mistake.split(' ')[0]).sort()).toEqual(Object.keys(env).sort())
  expect(mistakes.join()).not.toContain('hush')
  expect(() => readConfig({ PORT: '0' })).toThrow('The configuration has a mistake:\n  - PORT must be')
})

describe.each<[string, string, readonly string[], readonly string[]]>([
  [
    'HOST',
    'an address or a name',
    ['localhost', '::1', '::', 'desk.example', '192.0.2.1'],
    ['my desk', '127.999.1.1', 'http://x', '-x', '1', '[::1]'],
  ],
  [
    'PORT',
    'a whole number from 1 to 65535',
    ['1', '65535'],
    ['0', '65536', '80a', '-1', '8e3', ' 80', '0x50', '1.5'],
  ],
  [
    'PUBLIC_URL',
    'like https://desk.example.com, without a path',
    ['http://localhost:3000', 'https://desk.example/'],
    [
      'desk.example',
      'ftp://desk.example',
      'https://desk.example/app',
      'https://desk.example/?a',
      'https://a:b@desk.example',
      'javascript:alert(1)',
    ],
  ],
  [
    'ANONYMOUS_ROLE',
    'one of customer, operator, admin',
    ['customer', 'operator', 'admin'],
    ['Admin', 'true', 'root'],
  ],
  ['RATE_LIMIT', 'one of on, off', ['on', 'off'], ['On', 'false', '0']],
  ['API_RATE_LIMIT', 'a whole number from 1 to 10000000', ['1', '10000000'], ['0', '10000001', '1.5', 'off']],
  ['REQUESTS_AT_ONCE', 'a whole number from 1 to 100000', ['1', '100000'], ['0', '100001', '-1']],
  ['LOG_LEVEL', 'one of trace, debug', ['trace', 'silent'], ['verbose', 'INFO']],
  ['PASSWORD_MIN_LENGTH', 'a whole number from 8 to 128', ['8', '128'], ['7', '129', 'ten']],
  [
    'TOKEN_LIFETIME',
    'a time such as',
    ['30s', '15m', '12h', '30d'],
    ['30', '0s', '1w', '-1h', '1.5h', '12345678s'],
  ],
  [
    'ADMIN_USERNAME',
    'at most 150 letters',
    ['a', 'Ünï@x.y+z_-'],
    ['two words', 'a/b', 'x'.repeat(151), '<b>'],
  ],
  [
    'TRUST_PROXY',
    'addresses or networks',
    ['off', '10.0.0.1', '::1', '10.0.0.0/8', 'loopback, uniquelocal'],
    ['true', 'on', '*', '1', '10.0.0.0/33', '::/129', '10.0.0.1,', 'proxy.example'],
  ],
  [
    'METRICS_TOKEN',
    '16 to 200 letters, digits and . _ ~ + / = -',
    ['0123456789abcdef', key.repeat(6), 'MDEyMzQ1Njc4OWFiY2RlZg==', 'a-b_c~d+e/f=g.hijk'],
    ['short', '0123456789abcde', 'x'.repeat(16), key.repeat(7), 'with a space in it', 'changeme-0123456789'],
  ],
  [
    'SECRET_KEY',
    'at least 32 bytes that nobody can guess',
    [key, 'å'.repeat(8) + 'abcdefghijklmnop'],
    [
      'x'.repeat(31),
      'y'.repeat(64),
      `changeme-${key}`,
      `Change-Me ${key}`,
      `change_me${key}`,
      `secret${key}`,
      `example${key}`,
      `SAMPLE${key}`,
      `insecure${key}`,
    ],
  ],
])('%s', (name, rule, good, bad) => {
  test(`${name === 'SECRET_KEY' ? 'S43 ' : ''}must be ${rule}`, () => {
    expect(good.map((value) => mistakesIn({ [name]: value }))).toEqual(good.map(() => []))
    expect(bad.map((value) => mistakesIn({ [name]: value }))).toEqual(
      bad.map(() => [expect.stringContaining(rule)]),
    )
    expect(bad.map((value) => mistakesIn({ [name]: value })[0]?.startsWith(name))).toEqual(
      bad.map(() => true),
    )
  })
})

test('S43 DATABASE_URL must name a PostgreSQL, and wants a key of its own', () => {
  const withKey = (DATABASE_URL: string) => mistakesIn({ DATABASE_URL, SECRET_KEY: key })

  for (const good of [
    'postgres://db/desk',
    'postgresql://u:p%40ss@[::1]:5432/desk',
    'postgres:///desk?host=/run/postgresql&user=desk',
  ]) {
    expect(withKey(good)).toEqual([])
  }
  for (const bad of [
    'mysql://db/desk',
    'db.example',
    'postgres:db',
    'postgres://db:port/x',
    'POSTGRES ://db',
  ]) {
    expect(withKey(bad)).toEqual(['DATABASE_URL must look like postgres://user:password@host:5432/database'])
  }
  expect(mistakesIn({ DATABASE_URL: 'postgres://db/desk' })).toEqual([
    expect.stringMatching(/^SECRET_KEY must be given together with DATABASE_URL/),
  ])
})

test.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.0.7', false],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
])('S02 on HOST %s doors without a lock are allowed: %s', (HOST, allowed) => {
  for (const door of [{ ANONYMOUS_ROLE: 'customer' }, { RATE_LIMIT: 'off' }]) {
    const mistakes = mistakesIn({ HOST, ...door })
    expect(mistakes).toEqual(
      allowed ? [] : [expect.stringContaining(`HOST must be a loopback address, not ${HOST}`)],
    )
  }
})

test.each([
  [{}, 'http://127.0.0.1:8000'],
  [{ HOST: '0.0.0.0', PORT: '80' }, 'http://localhost:80'],
  [{ HOST: '::' }, 'http://localhost:8000'],
  [{ HOST: '::1' }, 'http://[::1]:8000'],
  [{ HOST: 'desk.lan', PUBLIC_URL: 'https://desk.example:443' }, 'https://desk.example'],
])('links are made from PUBLIC_URL, or HOST and PORT: %o gives %s', (env, url) => {
  expect(readConfig(env).publicUrl).toBe(url)
})

describe('NAME_FILE', () => {
  test('stands for a file that holds NAME; the end of its line does not count, all other spaces do', () => {
    const env = {
      SECRET_KEY_FILE: file('key', `${key}\n`),
      ADMIN_PASSWORD_FILE: file('password', ' eight and  \r\n'),
      PORT_FILE: file('port', '81'),
    }

    expect(readConfig(env)).toMatchObject({ secretKey: key, adminPassword: ' eight and  ', port: 81 })
  })

  test('is held to the same rules', () => {
    expect(mistakesIn({ SECRET_KEY_FILE: file('short', 'short\n') })).toEqual([
      expect.stringContaining('SECRET_KEY must be at least 32 bytes'),
    ])
  })

  test('is refused beside NAME, when it cannot be read, and when it is empty', () => {
    const missing = join(folder, 'missing')

    expect(
      mistakesIn({ ADMIN_PASSWORD: 'long enough', ADMIN_PASSWORD_FILE: file('other', 'long enough') }),
    ).toEqual(['ADMIN_PASSWORD and ADMIN_PASSWORD_FILE are both given; keep one'])
    expect(mistakesIn({ ADMIN_PASSWORD_FILE: missing })).toEqual([
      `ADMIN_PASSWORD_FILE names ${missing}, which cannot be read`,
    ])
    expect(mistakesIn({ ADMIN_PASSWORD_FILE: file('empty', '\n') })).toEqual([
      expect.stringMatching(/^ADMIN_PASSWORD_FILE .* which is empty$/),
    ])
  })
})

describe('S3', () => {
  const env = {
    S3_ENDPOINT: 'https://s3.example',
    S3_REGION: 'eu-central-1',
    S3_BUCKET: 'frontdesk-files',
    S3_ACCESS_KEY_ID: 'frontdesk',
    S3_SECRET_ACCESS_KEY: 'hush-hush',
  }

  test('is given whole, its secret also by a file', () => {
    const { S3_SECRET_ACCESS_KEY: secret, ...open } = env
    expect(readConfig({ ...open, S3_SECRET_ACCESS_KEY_FILE: file('s3', `${secret}\n`) }).s3).toEqual({
      endpoint: 'https://s3.example',
      region: 'eu-central-1',
      bucket: 'frontdesk-files',
      accessKeyId: 'frontdesk',
      secretAccessKey: 'hush-hush',
    })
  })

  test.each(Object.keys(env))('is refused without %s', (name) => {
    const mistakes = mistakesIn({ ...env, [name]: undefined })
    expect(mistakes).toEqual([expect.stringMatching(new RegExp(`^S3 needs all of .*; missing: ${name}$`))])
    expect(mistakes.join()).not.toContain('hush')
  })

  test.each([
    ['S3_ENDPOINT', 's3.example'],
    ['S3_ENDPOINT', 'ftp://s3.example'],
    ['S3_ENDPOINT', 'https://user:hush-hush@s3.example'],
    ['S3_ENDPOINT', 'https://s3.example?x'],
    ['S3_BUCKET', 'Frontdesk'],
    ['S3_BUCKET', 'a/b'],
    ['S3_BUCKET', '..'],
    ['S3_BUCKET', 'x'.repeat(64)],
  ])('%s is not %s', (name, value) => {
    const mistakes = mistakesIn({ ...env, [name]: value })
    expect(mistakes).toEqual([expect.stringContaining(`${name} must `)])
    expect(mistakes.join()).not.toContain('hush')
  })
})
