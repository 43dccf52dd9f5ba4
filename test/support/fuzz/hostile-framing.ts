// Methods that nobody serves, and HTTP itself bent or broken.
import { METHODS } from 'node:http'
import fc, { type Arbitrary } from 'fast-check'
import { type Sent, withHeader, withoutHeader } from './sent.ts'
import { oneOfTwists, type Twist } from './twist.ts'

export const hostileMethods: Arbitrary<Twist> = fc.oneof(
  oneOfTwists(
    ['HEAD', 'OPTIONS', 'TRACE', 'POST', 'PUT', 'PATCH', 'DELETE'],
    (method, sent) => ({ ...sent, method }),
    true,
  ),
  oneOfTwists(
    METHODS.filter((method) => method !== 'CONNECT'),
    (method, sent) => ({ ...sent, method }),
    true,
  ),
  oneOfTwists(
    ['BREW', 'get', 'G ET', 'CONNECT', 'GET/', '__proto__'],
    (method, sent) => ({ ...sent, method, alone: true }),
    true,
  ),
)

const more = (sent: Sent, name: string, value: string): Sent => ({
  ...sent,
  headers: [...sent.headers, [name, value]],
})

const turns: readonly ((sent: Sent) => Sent)[] = [
  (sent) => withoutHeader(sent, 'host'),
  (sent) => more(sent, 'Host', 'evil.example'),
  (sent) => withHeader(sent, 'Host', ''),
  (sent) => withHeader(sent, 'Host', 'evil.example:99999'),
  (sent) => withHeader(sent, 'Host', "'><script>"),
  (sent) => withHeader(sent, 'Host', 'x'.repeat(5_000)),
  (sent) => withHeader(sent, 'Expect', '100-continue'),
  (sent) => withHeader(sent, 'Expect', 'x'),
  (sent) => withHeader(sent, 'Connection', 'Upgrade'),
  (sent) => withHeader(withHeader(sent, 'Connection', 'Upgrade'), 'Upgrade', 'websocket'),
  (sent) => withHeader(withHeader(sent, 'Connection', 'Upgrade, HTTP2-Settings'), 'Upgrade', 'h2c'),
  (sent) => withHeader(sent, 'Connection', 'close'),
  (sent) => withHeader(sent, 'Connection', 'authorization'),
  (sent) => withHeader(sent, 'Content-Length', '-1'),
  (sent) => withHeader(sent, 'Content-Length', '1e1'),
  (sent) => withHeader(sent, 'Content-Length', '99999999999999999999'),
  (sent) => more(withHeader(sent, 'Content-Length', '0'), 'Content-Length', '1'),
  (sent) => withHeader(withHeader(sent, 'Content-Length', '4'), 'Transfer-Encoding', 'chunked'),
  (sent) => withHeader(withoutHeader(sent, 'content-length'), 'Transfer-Encoding', 'gzip'),
  (sent) => ({
    ...withHeader(withoutHeader(sent, 'content-length'), 'Transfer-Encoding', 'chunked'),
    body: Buffer.from('zz\r\n\r\n'),
  }),
  (sent) => ({ ...sent, headers: [...sent.headers, [' X-Space', '1']] }),
  (sent) => ({ ...sent, headers: [...sent.headers, ['X Space', '1']] }),
  (sent) => ({ ...sent, headers: [...sent.headers, ['X-Control', 'a\0b']] }),
  (sent) => ({ ...sent, headers: [...sent.headers, ['X-Return', 'a\rb']] }),
  (sent) => ({ ...sent, headers: [...sent.headers, ['X-Large', 'x'.repeat(20_000)]] }),
  (sent) => ({
    ...sent,
    headers: [...sent.headers, ...Array.from({ length: 1_500 }, (_, n) => [`x-${n}`, '1'] as const)],
  }),
  (sent) => more(sent, 'Authorization', 'Bearer second'),
  (sent) => more(sent, 'Content-Type', 'text/plain'),
  (sent) => ({ ...sent, target: `${sent.target} HTTP/0.9\r\nX: ` }),
  (sent) => ({ ...sent, target: `${sent.target} x` }),
  (sent) => ({ ...sent, target: `${sent.target}\t` }),
  (sent) => ({ ...sent, target: '' }),
  (sent) => ({ ...sent, target: `${sent.target}${'x'.repeat(17_000)}` }),
]

/** On a connection of its own, whose end is the end of the matter. */
export const hostileFraming: Arbitrary<Twist> = oneOfTwists(
  turns,
  (turn, sent) => ({ ...turn(sent), alone: true }),
  true,
)
