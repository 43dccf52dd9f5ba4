// Whose call counts as one of a person, or a program, on this very machine.
import { expect, test } from 'vitest'
import { comesFromHere } from '../../server/auth/anonymous-rules.ts'
import { callsFromThisMachine } from '../../server/auth/monitor-rules.ts'

test.each([
  { host: 'localhost' },
  { host: 'localhost:8000' },
  { host: 'LOCALHOST:8000' },
  { host: '127.0.0.1:8000' },
  { host: '127.255.10.1' },
  { host: '[::1]:8000' },
  { host: 'localhost:8000', origin: 'http://localhost:8000' },
  { host: 'Localhost:8000', origin: 'http://localhost:8000' },
  { host: 'localhost', 'sec-fetch-site': 'same-origin' },
  { host: 'localhost', 'sec-fetch-site': 'none' },
])('a call with %j comes from here', (headers) => expect(comesFromHere(headers)).toBe(true))

test.each([
  {},
  { host: '' },
  { host: 'desk.example' },
  { host: 'localhost.example' },
  { host: 'x.localhost' },
  { host: 'x127.0.0.1' },
  { host: '127.0.0.1.example' },
  { host: '127.1' },
  { host: '127.0.0.1234' },
  { host: '128.0.0.1' },
  { host: 'localhost:' },
  { host: 'localhost:8000x' },
  { host: 'localhost:80:80' },
  { host: '::1' },
  { host: 'localhost:8000', origin: 'null' },
  { host: 'localhost:8000', origin: 'http://localhost' },
  { host: 'localhost:8000', origin: 'https://localhost:8000' },
  { host: 'localhost:8000', origin: 'http://127.0.0.1:8000' },
  { host: 'localhost', 'sec-fetch-site': 'cross-site' },
  { host: 'localhost', 'sec-fetch-site': 'same-site' },
  { host: 'localhost', 'sec-fetch-site': ['none', 'none'] },
  { host: 'localhost', forwarded: 'for=192.0.2.7' },
  { host: 'localhost', via: '1.1 proxy' },
  { host: 'localhost', 'x-forwarded-for': '' },
  { host: 'localhost', 'x-forwarded-host': 'desk.example' },
  { host: 'localhost', 'x-real-ip': '192.0.2.7' },
])('a call with %j does not', (headers) => expect(comesFromHere(headers)).toBe(false))

test.each([
  ['127.0.0.1', '1.1', true],
  ['127.8.8.8', '1.1', true],
  ['::1', '1.1', true],
  ['::ffff:127.0.0.1', '1.1', true],
  ['127.0.0.1', '1.0', false], // nginx without settings
  ['192.0.2.7', '1.1', false],
  ['::ffff:192.0.2.7', '1.1', false],
  ['fe80::1', '1.1', false],
  ['10.127.0.1', '1.1', false],
  ['', '1.1', false],
  [undefined, '1.1', false],
])('a connection from %s by HTTP/%s is of this machine: %s', (remoteAddress, httpVersion, expected) => {
  const headers = { host: 'localhost:8000' }
  const call = { remoteAddress, httpVersion, headers }
  expect(callsFromThisMachine(call, 'http://127.0.0.1:8000')).toBe(expected)
  // Where people come from elsewhere there is a proxy, which nginx does not tell of by itself.
  expect(callsFromThisMachine(call, 'https://desk.example')).toBe(false)
  expect(callsFromThisMachine({ ...call, headers: { host: 'desk.example' } }, 'http://127.0.0.1')).toBe(false)
})
