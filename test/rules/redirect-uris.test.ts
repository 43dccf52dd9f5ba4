// S13: where a browser may be sent back to.
import { expect, test } from 'vitest'
import {
  faultOfRedirectUri,
  isLocalHttps,
  isRegistered,
  leadsToApp,
  sourceOf,
} from '../../server/oauth/redirect-uri-rules.ts'

const notWhole = 'must be a whole URL, without wildcards'
const fragment = 'must not have a fragment'
const credentials = 'must not hold a name or a password'
const unsafe = 'must be https: without TLS only this machine’s own address is safe'
const unowned =
  'must be https, http on this machine’s own address, or a scheme made of a domain name, such as com.example.app:/callback'
const unlike = (href: string) => `must be spelled as browsers do: ${href}`

test.each([
  ['https://app.example/callback'],
  ['https://app.example'],
  ['https://app.example:8443/callback?tenant=1'],
  ['https://app.example/@somebody?to=a@b'],
  ['https://app.example/?to=a//b@c'],
  ['https://app.example/callback//x@y'],
  ['http://127.0.0.1'],
  ['http://127.0.0.1/callback'],
  ['http://127.0.0.1:8123/callback'],
  ['http://[::1]/callback'],
  ['http://localhost:3000/callback'],
  ['com.example.app:/callback'],
  ['com.ex-ample.app2+x:/callback'],
  ['c.e:/'],
])('%s may be registered', (uri) => expect(faultOfRedirectUri(uri)).toBeUndefined())

test.each([
  ['', notWhole],
  ['/callback', notWhole],
  [' https://app.example/', notWhole],
  ['https://app.example/ ', notWhole],
  ['https://app.example/a b', notWhole],
  ['https://app.example/\n', notWhole],
  ['https://äpp.example/', notWhole],
  ['https://*.example/callback', notWhole],
  ['https://app.example/*', notWhole],
  ['https://app.example\\callback', notWhole],
  ['https://app.example/callback#x', fragment],
  ['https://app.example/callback#', fragment],
  ['https://user@app.example/', credentials],
  ['https://user:secret@app.example/', credentials],
  ['https://:secret@app.example/', credentials],
  ['https://@app.example/', credentials],
  ['https://:@app.example/', credentials],
  ['https:user@app.example/', credentials],
  ['https::secret@app.example/', credentials],
  ['https://APP.example/callback', unlike('https://app.example/callback')],
  ['https://app.example/a/../callback', unlike('https://app.example/callback')],
  ['https://app.example:443/callback', unlike('https://app.example/callback')],
  ['https:app.example/callback', unlike('https://app.example/callback')],
  ['http://127.0.0.1:80/callback', unlike('http://127.0.0.1/callback')],
  ['http://localhost/a/../callback', unlike('http://localhost/callback')],
  ['http://app.example/callback', unsafe],
  ['http://app.example/http://localhost/', unsafe],
  ['http://127.0.0.1.evil.example/callback', unsafe],
  ['http://localhost.evil.example/', unsafe],
  ['http://localhost?x', unsafe],
  ['http://127.1/callback', unsafe],
  ['http:127.0.0.1/callback', unsafe],
  ['javascript:alert(1)', unowned],
  ['javascript.x:alert(1)', unowned],
  ['data:text/html,x', unowned],
  ['myapp:/callback', unowned],
  ['com.example.app://callback', unowned],
  ['com.example.app:callback', unowned],
  ['com..app:/callback', unowned],
  ['com.example.:/callback', unowned],
  ['Com.example.app:/callback', unowned],
  ['com.example.App:/callback', unowned],
  ['x:/com.example.app:/callback', unowned],
])('%j may not: %s', (uri, fault) => expect(faultOfRedirectUri(uri)).toBe(fault))

test.each([
  ['https://app.example/callback', 'https://app.example/callback', true],
  ['com.example.app:/callback', 'com.example.app:/callback', true],
  ['http://localhost/callback', 'http://localhost/callback', true],
  ['http://127.0.0.1', 'http://127.0.0.1:49152', true],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:49152/callback', true],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:65535/callback', true],
  ['http://127.0.0.1/callback?a=b', 'http://127.0.0.1:8000/callback?a=b', true],
  ['http://[::1]/callback', 'http://[::1]:1/callback', true],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:65536/callback', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:99999/callback', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:100000/callback', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:0/callback', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:080/callback', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:/callback', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:8a/callback', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.1x80/callback', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.1.:80/callback', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:80@evil.example/callback', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:1/callback/x', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:1/x/callback', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.2:80/callback', false],
  ['http://127.0.0.1/callback', 'http://127.0.0.1:80/callbacK', false],
  ['http://127.0.0.1:8123/callback', 'http://127.0.0.1:8124/callback', false],
  ['http://127.0.0.1:8123/callback', 'http://127.0.0.1/callback', false],
  ['http://127.0.0.1:8123/callback', 'http://127.0.0.1:8123:8124/callback', false],
  ['http://127.0.0.1/?to=a', 'http://127.0.0.1:8123?to=a', false],
  ['http://localhost/callback', 'http://localhost:1/callback', false],
  ['https://app.example/callback', 'https://app.example:1/callback', false],
  ['https://app.example/callback', 'https://app.example/callback/', false],
  ['com.example.app:/http://127.0.0.1/', 'com.example.app:/http://127.0.0.1:1/', false],
])('where %s is registered, %s is it: %s', (registered, given, expected) => {
  expect(isRegistered([registered], given)).toBe(expected)
  expect(isRegistered(['https://other.example/', registered], given)).toBe(expected)
  expect(isRegistered([], given)).toBe(false)
})

test.each([
  // uri, leads to an app, is https on the own machine
  ['https://app.example/callback', false, false],
  ['https://localhost/callback', false, true],
  ['https://localhost:8000/callback', false, true],
  ['https://127.0.0.1', false, true],
  ['https://[::1]/', false, true],
  ['https://localhost.example/', false, false],
  ['http://localhost/callback', true, false],
  ['http://127.0.0.1/callback', true, false],
  ['http://[::1]:8000/', true, false],
  ['http://localhost.example/', false, false],
  ['https://app.example/http://localhost/', false, false],
  ['https://app.example/https://localhost/', false, false],
  ['com.example.app:/callback', true, false],
  ['com.example.app:/https://localhost/', true, false],
  ['com.example.app:/http://localhost/', true, false],
])('%s leads to an app: %s; is https on this machine: %s', (uri, toApp, localHttps) => {
  expect(leadsToApp(uri)).toBe(toApp)
  expect(isLocalHttps(uri)).toBe(localHttps)
})

test.each([
  ['https://app.example:8443/callback?a=b', 'https://app.example:8443'],
  ['http://127.0.0.1:8123/callback', 'http://127.0.0.1:8123'],
  ['com.example.app:/callback', 'com.example.app:'],
  ['/callback', undefined],
])('a form that leads to %s names %s in its policy', (uri, source) => expect(sourceOf(uri)).toBe(source))
