// Reading one value of the environment, and saying in a sentence what is wrong with it.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'

export type Environment = Readonly<Record<string, string | undefined>>

export type Refuse = (mistake: string) => void

/** `NAME_FILE` stands for a file that holds NAME, e.g. a container's secret. */
export function read(env: Environment, name: string, refuse: Refuse): string | undefined {
  const file = env[`${name}_FILE`]
  if (!file) return env[name] || undefined
  if (env[name]) refuse(`${name} and ${name}_FILE are both given; keep one`)
  try {
    const value = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    if (value === '') refuse(`${name}_FILE names ${file}, which is empty`)
    return value || undefined
  } catch {
    refuse(`${name}_FILE names ${file}, which cannot be read`)
    return undefined
  }
}

export function choice<const T extends string>(
  env: Environment,
  name: string,
  choices: readonly T[],
  refuse: Refuse,
): T | undefined {
  const value = read(env, name, refuse)
  const chosen = choices.find((candidate) => candidate === value)
  if (value !== undefined && chosen === undefined)
    refuse(`${name} must be one of ${choices.join(', ')}, not ${value}`)
  return chosen
}

export function whole(
  env: Environment,
  name: string,
  limits: { least: number; most: number; otherwise: number },
  refuse: Refuse,
): number {
  const value = read(env, name, refuse)
  if (value === undefined) return limits.otherwise
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (number >= limits.least && number <= limits.most) return number
  refuse(`${name} must be a whole number from ${limits.least} to ${limits.most}, not ${value}`)
  return limits.otherwise
}

const units = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** Answers seconds. */
export function duration(env: Environment, name: string, otherwise: number, refuse: Refuse): number {
  const value = read(env, name, refuse)
  if (value === undefined) return otherwise
  const [, amount, unit] = /^([1-9]\d{0,6})([smhd])$/.exec(value) ?? []
  if (amount !== undefined) return Number(amount) * units[unit as keyof typeof units]
  refuse(`${name} must be a time such as 30s, 15m, 12h or 30d, not ${value}`)
  return otherwise
}

export function webAddress(env: Environment, name: string, refuse: Refuse): string | undefined {
  const value = read(env, name, refuse)
  if (value === undefined) return undefined
  const url = URL.parse(value)
  if (
    url &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    !url.search &&
    !url.hash &&
    !url.username
  )
    return url.origin
  refuse(`${name} must look like https://desk.example.com, without a path, not ${value}`)
  return undefined
}

export function hostName(env: Environment, name: string, refuse: Refuse): string | undefined {
  const value = read(env, name, refuse)
  // A name is not digits alone, or 127.999.1.1 would be one.
  const known =
    value === undefined ||
    isIP(value) !== 0 ||
    (/^[a-z\d]([a-z\d._-]*[a-z\d])?$/i.test(value) && /[a-z]/i.test(value))
  if (!known)
    refuse(`${name} must be an address or a name of this machine, such as 127.0.0.1 or 0.0.0.0, not ${value}`)
  return value
}

/** What proxy-addr names for itself, beside addresses and networks. */
const networks = ['loopback', 'linklocal', 'uniquelocal']

/** Only by name: to believe every address, as `true` would, lets callers choose theirs. */
export function proxies(env: Environment, name: string, refuse: Refuse): string[] {
  const value = read(env, name, refuse)
  if (value === undefined || value === 'off') return []
  const named = value.split(',').map((part) => part.trim())
  for (const part of named) {
    const [, address = part, bits] = /^(.*)\/(\d{1,3})$/.exec(part) ?? []
    const known =
      networks.includes(part) ||
      (isIP(address) !== 0 && Number(bits ?? 0) <= (isIP(address) === 4 ? 32 : 128))
    if (!known)
      refuse(
        `${name} must name addresses or networks of proxies, such as 10.0.0.7, 10.0.0.0/8 or loopback, not ${part}`,
      )
  }
  return named
}
