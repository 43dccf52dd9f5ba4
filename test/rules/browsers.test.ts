// What the server makes of what a browser sends: whose page it was, which cookie, and whether it knows the browser.
import { describe, expect, test } from 'vitest'
import { deviceSeconds, knownDevices } from '../../server/auth/known-devices.ts'
import { comesFromOwnPage, isSafe } from '../../server/auth/own-page-rules.ts'
import {
  deviceCookie,
  deviceInCookies,
  endedCookie,
  secretInCookies,
  sessionCookie,
} from '../../server/auth/session-cookie.ts'
import { sessionLimits, shownUserAgent } from '../../server/auth/session-rules.ts'

const tls = 'https://desk.example'
const local = 'http://127.0.0.1:8000'

describe('a page is ours', () => {
  test.each([
    [tls, { origin: tls }],
    [tls, { origin: tls, 'sec-fetch-site': 'same-origin' }],
    ['http://desk.lan', { origin: 'http://desk.lan', host: 'anything' }],
    [local, { origin: local, host: 'whatever', 'sec-fetch-site': 'same-origin' }],
    [local, { origin: 'http://localhost:8000', host: 'localhost:8000', 'sec-fetch-site': 'same-origin' }],
    [local, { origin: 'http://[::1]:8000', host: '[::1]:8000' }],
  ])('at %s, with %j', (publicUrl, headers) => {
    expect(comesFromOwnPage(headers, publicUrl)).toBe(true)
  })

  test.each([
    [tls, {}],
    [tls, { 'sec-fetch-site': 'same-origin' }],
    [local, { host: '127.0.0.1:8000', 'sec-fetch-site': 'same-origin' }],
    [local, { host: '127.0.0.1:8000' }],
    [tls, { origin: 'null', 'sec-fetch-site': 'same-origin' }],
    [tls, { origin: tls, 'sec-fetch-site': 'cross-site' }],
    [tls, { origin: tls, 'sec-fetch-site': 'same-site' }],
    [tls, { origin: tls, 'sec-fetch-site': 'none' }],
    [tls, { origin: tls, 'sec-fetch-site': ['same-origin', 'same-origin'] }],
    [tls, { origin: 'http://desk.example' }],
    [tls, { origin: `${tls}:8443` }],
    [tls, { origin: `${tls}.evil.example` }],
    [tls, { origin: `${tls}/` }],
    // Names of this machine count only where there is neither TLS nor another host.
    ['https://localhost', { origin: 'http://localhost', host: 'localhost' }],
    ['http://desk.lan', { origin: 'http://localhost:8000', host: 'localhost:8000' }],
    [local, { origin: 'http://localhost:9000', host: 'localhost:8000' }],
    [local, { origin: 'http://evil.example', host: 'evil.example' }],
    [local, { origin: 'http://localhost:8000', host: 'localhost:8000', 'x-forwarded-for': '192.0.2.1' }],
  ])('not at %s, with %j', (publicUrl, headers) => {
    expect(comesFromOwnPage(headers, publicUrl)).toBe(false)
  })

  test('methods that change nothing', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect(isSafe(method)).toBe(true)
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'get', '']) expect(isSafe(method)).toBe(false)
  })
})

describe('cookies', () => {
  test('are bound to the host over TLS, and to HTTP alone without', () => {
    expect(sessionCookie(tls, 'secret', 60)).toBe(
      '__Host-frontdesk=secret; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure',
    )
    expect(deviceCookie(local, 'mark', 60)).toBe(
      'frontdesk-device=mark; Path=/; HttpOnly; SameSite=Lax; Max-Age=60',
    )
    expect(endedCookie(local)).toBe('frontdesk=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0')
  })

  test.each([
    [tls, '__Host-frontdesk=abc_-9', 'abc_-9'],
    [tls, 'a=b; __Host-frontdesk=abc; frontdesk=def', 'abc'],
    [tls, 'a=b;__Host-frontdesk=abc', 'abc'],
    [local, 'frontdesk-device=m.ark; frontdesk=abc', 'abc'],
    [local, `frontdesk=${'a'.repeat(200)}`, 'a'.repeat(200)],
  ])('of %s, %s holds %s', (publicUrl, cookies, secret) => {
    expect(secretInCookies(publicUrl, cookies)).toBe(secret)
  })

  test.each([
    [tls, undefined],
    [tls, ''],
    [tls, 'frontdesk=abc'],
    [local, '__Host-frontdesk=abc'],
    [local, 'frontdesk=abc; frontdesk=def'],
    [local, 'frontdesk=abc; frontdesk=abc'],
    [local, 'frontdesk='],
    [local, 'xfrontdesk=abc'],
    [local, 'frontdesk=a b'],
    [local, 'frontdesk="abc"'],
    [local, 'frontdesk=%61'],
    [local, `frontdesk=${'a'.repeat(201)}`],
    [local, 'FRONTDESK=abc'],
  ])('of %s, %s hold nothing', (publicUrl, cookies) => {
    expect(secretInCookies(publicUrl, cookies)).toBeUndefined()
  })

  test('one kind is not read for the other', () => {
    expect(deviceInCookies(local, 'frontdesk=abc; frontdesk-device=m.ark')).toBe('m.ark')
    expect(deviceInCookies(local, 'frontdesk=abc')).toBeUndefined()
  })
})

describe('a known browser', () => {
  const devices = knownDevices('one secret of this desk, long enough')

  test('is known for the name that signed in, in any case, and no other', () => {
    const mark = devices.markFor('Jennie')
    const device = devices.deviceOf('Jennie', mark)
    expect(device).toMatch(/^[\w-]{22}$/)
    expect(mark.startsWith(`${device}.`)).toBe(true)
    expect(devices.deviceOf('jENNIE', mark)).toBe(device)
    expect(devices.deviceOf('Jenny', mark)).toBeUndefined()
    expect(devices.deviceOf('STRASSE', devices.markFor('straße'))).toBeUndefined()
    expect(devices.markFor('Jennie')).not.toBe(mark)
  })

  test('is still known by a mark that an earlier version made', () => {
    const mark = 'C_CA2IqBp1752zQQX6J7zg.220zaD7B-kq4fTZJs_7JwIvED8dOIjFCTdlFIicuQ7E'
    expect(devices.deviceOf('Jennie', mark)).toBe('C_CA2IqBp1752zQQX6J7zg')
  })

  test('is not known by a mark that another desk made, or nobody', () => {
    const mark = devices.markFor('Jennie')
    const [number = '', signature = ''] = mark.split('.')
    for (const forged of [
      undefined,
      '',
      '.',
      number,
      `${number}.`,
      `.${signature}`,
      `${number}x.${signature}`,
      `${number}.${signature.slice(1)}`,
      `${number}.${signature}A`,
      `${mark}.${signature}`,
      knownDevices('another secret of another desk').markFor('Jennie'),
    ])
      expect(devices.deviceOf('Jennie', forged), forged).toBeUndefined()
  })
})

test('a session lasts 12 hours without use and 14 days in all, a known browser half a year', () => {
  expect(sessionLimits).toEqual({ idle: 43_200, absolute: 1_209_600 })
  expect(deviceSeconds).toBe(15_552_000)
})

test('what a browser calls itself is kept as printable text, and not all of it', () => {
  expect(shownUserAgent('Mozilla/5.0 (X11; Linux)')).toBe('Mozilla/5.0 (X11; Linux)')
  expect(shownUserAgent('a\u0000\r\nb\u00e9\u202ec')).toBe('a b c')
  expect(shownUserAgent('x'.repeat(300))).toBe('x'.repeat(200))
  for (const nothing of [undefined, '', ' \t ', '\u00e9']) expect(shownUserAgent(nothing)).toBeNull()
})
