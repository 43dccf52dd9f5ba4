// Bodies that are no JSON, or more JSON than anybody needs, or said to be something else.
import fc, { type Arbitrary } from 'fast-check'
import { type Sent, withHeader, withoutHeader } from './sent.ts'
import { oneOfTwists, type Twist } from './twist.ts'

export function withBody(
  sent: Sent,
  body: string | Buffer,
  type: string | undefined = 'application/json',
): Sent {
  const bytes = Buffer.from(body)
  return {
    ...withHeader(withHeader(sent, 'Content-Type', type), 'Content-Length', `${bytes.length}`),
    body: bytes,
  }
}

/** Made when they are sent, since some are large. */
const bodies: readonly (() => string | Buffer)[] = [
  () => '',
  () => ' ',
  () => 'hello',
  () => '{',
  () => '}',
  () => '{"a":1}}',
  () => '{"a":1,}',
  () => "{'a':1}",
  () => '{a:1}',
  () => '{"a":NaN}',
  () => '{"a":0x1}',
  () => '{"a":01}',
  () => '{"a":"\u0001"}',
  () => '{"a":"\0"}',
  () => '{"a":"\\x"}',
  () => '{"a":"\\ud800"}',
  () => '// a\n{}',
  () => '{"a":1}\n{"a":2}',
  () => '\uFEFF{"first_name":"E","last_name":"S"}',
  () => '\u00A0{}',
  () => Buffer.from([0x22, 0xff, 0xfe, 0x22]),
  () => Buffer.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
  () => Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  () => Buffer.from('{"first_name":"E"}', 'utf16le'),
  () => Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 3]),
  () => 'first_name=E&last_name=S',
  () => '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
  () => '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
  () => '{"__proto__":{"polluted":true}}',
  () => '{"constructor":{"prototype":{"polluted":true}}}',
  () => '{"first_name":"E","last_name":"S","__proto__":{"polluted":true}}',
  () => '{"a":1,"\\u0061":2}',
  () => '{"a":1e999}',
  () => '"text"',
  () => 'null',
  () => '[]',
  () => '12345678901234567890',
]

/** Costly to send and to read, so rarely sent. */
const largeBodies: readonly (() => string)[] = [
  () => '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000),
  () => '['.repeat(100_000) + ']'.repeat(100_000),
  () => '['.repeat(250_000),
  () => `{${Array.from({ length: 100_000 }, (_, n) => `"k${n}":1`).join(',')}}`,
  () => `{${Array.from({ length: 40_000 }, (_, n) => `"k${n}":1`).join(',')}}`,
  () => `[${'"\\u0000",'.repeat(20_000)}1]`,
  () => `{"first_name":"${'x'.repeat(500_000)}","last_name":"S"}`,
  () => `{"first_name":"${'x'.repeat(1024 * 1024)}","last_name":"S"}`,
  () => `{"body":"${'雪'.repeat(100_000)}"}`,
  () => `{"body":"${String.raw`\ud83d\ude00`.repeat(20_000)}"}`,
  () => `${' '.repeat(300_000)}{}`,
]

/** Some are JSON after all, and are then read and held against the contract as such. */
const types = [
  '',
  ' application/json',
  'application/json ',
  'application/json;',
  'application/json\t;a',
  'application/json x',
  'application/json; charset=utf-16',
  'application/json; charset="',
  'APPLICATION/JSON',
  'application/json, text/plain',
  'application/jsonp',
  'application/problem+json',
  'application/vnd.api+json',
  'application/json-patch+json',
  'text/json',
  'text/plain',
  'text/plain; application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  `multipart/form-data; boundary=${'b'.repeat(252)}`,
  'application/xml',
  'application/octet-stream',
  '*/*',
  '__proto__',
  'x'.repeat(3_000),
]

const encodings = ['gzip', 'br', 'deflate', 'identity', 'utf-8', 'gzip, gzip', '__proto__']

export const hostileBodies: Arbitrary<Twist> = fc.oneof(
  { weight: 12, arbitrary: oneOfTwists(bodies, (make, sent) => withBody(sent, make())) },
  { weight: 1, arbitrary: oneOfTwists(largeBodies, (make, sent) => withBody(sent, make())) },
  { weight: 6, arbitrary: oneOfTwists(types, (type, sent) => withHeader(sent, 'Content-Type', type)) },
  { weight: 1, arbitrary: oneOfTwists(['content-type'], (name, sent) => withoutHeader(sent, name)) },
  {
    weight: 2,
    arbitrary: oneOfTwists(encodings, (name, sent) => withHeader(sent, 'Content-Encoding', name)),
  },
  { weight: 1, arbitrary: oneOfTwists([64, 4096], (size, sent) => inChunks(sent, size)) },
)

/** The same body in pieces, without saying its length. */
function inChunks(sent: Sent, size: number): Sent {
  if (!sent.body) return sent
  const pieces: Buffer[] = []
  for (let at = 0; at < sent.body.length; at += size) {
    const piece = sent.body.subarray(at, at + size)
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  const body = Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')])
  return { ...withHeader(withoutHeader(sent, 'content-length'), 'Transfer-Encoding', 'chunked'), body }
}
