// The configuration: environment and .env, read once, checked whole, refused with every mistake named. Pure: it opens nothing.
import { resolve } from 'node:path'
import { Check } from 'typebox/value'
import { roles, type Role, username } from '../contract/index.ts'
import {
  choice,
  duration,
  type Environment,
  hostName,
  proxies,
  read,
  webAddress,
  whole,
} from './environment.ts'
import { isLoopback, leadsToLoopback } from './loopback.ts'
import { logLevels, type LogLevel } from './log.ts'
import { type MailConfig, mailConfig } from './mail-config.ts'
import { type S3Config, s3Config } from './s3-config.ts'

export interface Config {
  readonly host: string
  readonly port: number
  /** PostgreSQL to use; undefined means the embedded one. */
  readonly databaseUrl: string | undefined
  readonly dataDir: string
  /** Where files are kept; undefined means: in dataDir. */
  readonly s3: S3Config | undefined
  /** At least 32 bytes; undefined means: generated into dataDir at the first start. */
  readonly secretKey: string | undefined
  /** Base of every link that leaves the system, without a slash at its end. Never taken from a request header. */
  readonly publicUrl: string
  readonly mail: MailConfig
  readonly adminUsername: string
  readonly adminPassword: string | undefined
  readonly anonymousRole: Role | undefined
  readonly rateLimit: boolean
  /** Calls of the API that a user may make in a minute. */
  readonly apiRateLimit: number
  /** Requests in progress at once in this process; further ones are refused. */
  readonly requestsAtOnce: number
  readonly passwordMinLength: number
  /** Which tickets customers see: their own, or any. */
  readonly ticketVisibility: (typeof visibilities)[number]
  readonly tokenLifetimeSeconds: number
  readonly logLevel: LogLevel
  /** Whether our own programs may trade a password for tokens by OAuth. */
  readonly oauthPasswordGrant: boolean
  /** Whether people may sign up by themselves. */
  readonly signUp: boolean
  /** Lets a monitor read /metrics from elsewhere; undefined means: only from this machine, or as an admin. */
  readonly metricsToken: string | undefined
  /** Addresses of proxies whose X-Forwarded-For is believed; none by default. */
  readonly trustProxy: readonly string[]
  /** A folder with `initdb` and `postgres` to use in place of the packaged ones. */
  readonly postgresBin: string | undefined
}

/** Names every mistake at once, so that one start shows them all. */
export class ConfigError extends Error {
  constructor(mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length === 1 ? 'a mistake' : 'mistakes'}:\n${mistakes.map((m) => `  - ${m}`).join('\n')}`,
    )
    this.name = 'ConfigError'
  }
}

const visibilities = ['own', 'all'] as const

const samples = [/^change[-_ ]?me/i, /^(secret|example|sample|insecure)/i, /^(.)\1*$/]

/** Throws ConfigError. */
export function readConfig(env: Environment): Config {
  const mistakes: string[] = []
  const refuse = (mistake: string) => void mistakes.push(mistake)

  const host = hostName(env, 'HOST', refuse) ?? '127.0.0.1'
  const port = whole(env, 'PORT', { least: 1, most: 65_535, otherwise: 8000 }, refuse)
  const databaseUrl = read(env, 'DATABASE_URL', refuse)
  const secretKey = read(env, 'SECRET_KEY', refuse)
  const metricsToken = read(env, 'METRICS_TOKEN', refuse)
  const anonymousRole = choice(env, 'ANONYMOUS_ROLE', roles, refuse)
  const rateLimit = (choice(env, 'RATE_LIMIT', ['on', 'off'] as const, refuse) ?? 'on') === 'on'
  const apiRateLimit = whole(env, 'API_RATE_LIMIT', { least: 1, most: 10_000_000, otherwise: 6_000 }, refuse)
  const requestsAtOnce = whole(env, 'REQUESTS_AT_ONCE', { least: 1, most: 100_000, otherwise: 256 }, refuse)
  const publicUrl = webAddress(env, 'PUBLIC_URL', refuse) ?? `http://${inUrl(host)}:${port}`

  const adminUsername = read(env, 'ADMIN_USERNAME', refuse) ?? 'admin'
  const adminPassword = read(env, 'ADMIN_PASSWORD', refuse)
  const passwordMinLength = whole(env, 'PASSWORD_MIN_LENGTH', { least: 8, most: 128, otherwise: 8 }, refuse)

  // It may hold a password, so it is not repeated.
  if (databaseUrl !== undefined && !(/^postgres(ql)?:\/\//.test(databaseUrl) && URL.canParse(databaseUrl))) {
    refuse('DATABASE_URL must look like postgres://user:password@host:5432/database')
  }
  if (databaseUrl !== undefined && secretKey === undefined) {
    refuse(
      'SECRET_KEY must be given together with DATABASE_URL, the same for every instance (openssl rand -hex 32 makes one)',
    )
  }
  if (
    secretKey !== undefined &&
    (Buffer.byteLength(secretKey) < 32 || samples.some((sample) => sample.test(secretKey)))
  ) {
    refuse('SECRET_KEY must be at least 32 bytes that nobody can guess (openssl rand -hex 32 makes one)')
  }
  // What fits into `Authorization: Bearer`, as every token does.
  if (
    metricsToken !== undefined &&
    (!/^[\w.~+/=-]{16,200}$/.test(metricsToken) || samples.some((sample) => sample.test(metricsToken)))
  ) {
    refuse(
      'METRICS_TOKEN must be 16 to 200 letters, digits and . _ ~ + / = - that nobody can guess (openssl rand -hex 32 makes one)',
    )
  }
  if (anonymousRole !== undefined && !isLoopback(host)) {
    refuse(
      `ANONYMOUS_ROLE lets anyone in without credentials, so HOST must be a loopback address, not ${host}`,
    )
  } else if (anonymousRole !== undefined && !leadsToLoopback(publicUrl)) {
    refuse(
      `ANONYMOUS_ROLE lets anyone in without credentials, so PUBLIC_URL must be a loopback address, not ${publicUrl}`,
    )
  }
  if (!rateLimit && !isLoopback(host))
    refuse(`RATE_LIMIT=off is for load tests, so HOST must be a loopback address, not ${host}`)

  if (!Check(username, adminUsername)) {
    refuse(`ADMIN_USERNAME must be at most 150 letters, digits and @ . + - _, not ${adminUsername}`)
  }

  const config: Config = {
    host,
    port,
    databaseUrl,
    dataDir: resolve(read(env, 'DATA_DIR', refuse) ?? './data'),
    s3: s3Config(env, refuse),
    secretKey,
    publicUrl,
    mail: mailConfig(env, publicUrl, refuse),
    adminUsername,
    adminPassword,
    anonymousRole,
    rateLimit,
    apiRateLimit,
    requestsAtOnce,
    passwordMinLength,
    tokenLifetimeSeconds: duration(env, 'TOKEN_LIFETIME', 30 * 86_400, refuse),
    logLevel: choice(env, 'LOG_LEVEL', logLevels, refuse) ?? 'info',
    metricsToken,
    oauthPasswordGrant: choice(env, 'OAUTH_PASSWORD_GRANT', ['on', 'off'] as const, refuse) === 'on',
    ticketVisibility: choice(env, 'TICKET_VISIBILITY', visibilities, refuse) ?? 'own',
    signUp: choice(env, 'SIGN_UP', ['on', 'off'] as const, refuse) !== 'off',
    trustProxy: proxies(env, 'TRUST_PROXY', refuse),
    postgresBin: read(env, 'FRONTDESK_PG_BIN', refuse),
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return config
}

/** Every address is written as one that a browser on this machine can open. */
function inUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
