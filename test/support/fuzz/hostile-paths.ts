// Paths that a router, a proxy and a check on access may each read in another way.
import fc, { type Arbitrary } from 'fast-check'
import { oneOfTwists, type Twist } from './twist.ts'
import type { Sent } from './sent.ts'

type Turn = (path: string) => string

/** Put between two words of the path. */
const between = [
  '/',
  '/./',
  '/../',
  '/x/../',
  '/%2e/',
  '/%2e%2e/',
  '/..;/',
  '/%2F',
  '/%5c',
  '\\',
  '/;x=1/',
  '/%00/',
  '/ ',
  '/%20',
]

/** Put behind the whole. */
const behind = [
  '/',
  '//',
  '/.',
  '/..',
  '/%2e%2e',
  ';x=1',
  ';',
  '%00',
  '%20',
  '%0d%0aX-Injected:%201',
  '%',
  '%zz',
  '%c0%ae',
  '%ed%a0%80',
  '.json',
  '~',
  '*',
  '#fragment',
  '/..%2f..%2fetc%2fpasswd',
  '\u00e4',
  '雪',
  '%E9%9B%AA',
  '/restore',
  '/1',
  '/' + 'a'.repeat(300),
  '/' + 'a/'.repeat(200),
  'x'.repeat(7_000),
]

const turns: readonly Turn[] = [
  (path) => path.toUpperCase(),
  (path) => path.replace('/v1', ''),
  (path) => path.replace('/v1', '/V1'),
  (path) => path.replace('/v1', '/v2'),
  (path) => path.replace('/v1', '/v1/v1'),
  (path) => path.replace('/api', ''),
  (path) => `/${path}`,
  (path) => `/docs/..${path}`,
  (path) => `/docs/static/..%2f..${path}`,
  (path) => path.slice(1),
  (path) => `http://desk.test${path}`,
  (path) => `HTTP://user:pass@evil.example:1${path}`,
  (path) => `//evil.example${path}`,
  (path) => path.replace(/[a-z](?=[^/]*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (path) => path.replaceAll(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (path) => path.replaceAll('/', '%2f'),
  (path) => path.replace(/\d+/, (id) => `0${id}`),
  (path) => path.replace(/\d+/, (id) => `+${id}`),
  (path) => path.replace(/\d+/, (id) => `${id}.0`),
  (path) => path.replace(/\d+/, (id) => `${id}e0`),
  (path) => path.replace(/\d+/, (id) => `-${id}`),
  (path) => path.replace(/\d+/, (id) => `${id}%20`),
  (path) => path.replace(/\d+/, (id) => `${id},${id}`),
  (path) => path.replace(/\d+/, 'me'),
  (path) => path.replace(/\d+/, ':id'),
  (path) => path.replace(/\d+/, '%2e%2e'),
  (path) => path.replace(/\d+/, '١'),
  (path) => path.replace(/\d+/, '%D9%A1'),
  (path) => path.replace(/\d+/, '9'.repeat(250)),
  () => '*',
  () => '/',
  () => '/api',
  () => '/.env',
  () => '/openapi.json',
  () => '/docs/static/%2e%2e/%2e%2e/package.json',
]

function onPath(sent: Sent, turn: Turn): Sent {
  const [path = '', ...query] = sent.target.split('?')
  return { ...sent, target: [turn(path), ...query].join('?') }
}

export const hostilePaths: Arbitrary<Twist> = fc.oneof(
  oneOfTwists(turns, (turn, sent) => onPath(sent, turn), true),
  oneOfTwists(behind, (text, sent) => onPath(sent, (path) => path + text), true),
  fc.tuple(fc.nat({ max: 5 }), fc.constantFrom(...between)).map(([place, text]): Twist => ({
    astray: true,
    apply: (sent) => onPath(sent, (path) => insert(path, place, text)),
  })),
)

/** In place of, or beside, the n-th slash. */
function insert(path: string, place: number, text: string): string {
  const words = path.split('/')
  const at = 1 + (place % Math.max(1, words.length - 1))
  return `${words.slice(0, at).join('/')}${text}${words.slice(at).join('/')}`
}
