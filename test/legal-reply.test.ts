// Control: every test holds what it is answered against the contract (support/send.ts). Here are replies that it must refuse.
import { expect, test } from 'vitest'
import { archiveCustomer, getMe, listMyTokens, livez } from '../contract/index.ts'
import { alwaysSent } from '../server/http/secure-headers.ts'
import { whyIllegal } from './support/legal-reply.ts'

const headers = { ...alwaysSent, 'x-request-id': 'one' }
const json = { ...headers, 'content-type': 'application/json; charset=utf-8' }
const linked = { ...headers, 'content-type': 'application/hal+json; charset=utf-8' }
const alive = JSON.stringify({ status: 'ok' })
const page = { count: 0, next: null, previous: null, results: [] }
const self = { href: '/api/v1/me/tokens', method: 'GET', title: 'This page' }

const judge = (
  endpoint: Parameters<typeof whyIllegal>[0],
  status: number,
  told: Readonly<Record<string, string>>,
  text = '',
) =>
  whyIllegal(endpoint, {
    method: endpoint?.method ?? 'GET',
    reply: { status, headers: new Map(Object.entries(told)), text },
  })

test.each([
  ['JSON', judge(livez, 200, json, alive)],
  ['JSON with links', judge(listMyTokens, 200, linked, JSON.stringify({ ...page, _links: { self } }))],
  ['nothing with 204', judge(archiveCustomer, 204, headers)],
  ['nothing with 304', judge(getMe, 304, { ...headers, 'content-length': '0' })],
])('%s may be answered', (_, fault) => {
  expect(fault).toBeUndefined()
})

test.each([
  ['a field that nobody declared', judge(livez, 200, json, '{"status":"ok","more":1}')],
  ['no headers', judge(livez, 200, { 'content-type': 'application/json' }, alive)],
  ['a status that nobody declared', judge(livez, 201, json, alive)],
  ['304 where nothing is compared', judge(livez, 304, headers)],
  ['304 with a length', judge(getMe, 304, { ...headers, 'content-length': '7' })],
  ['204 with a length', judge(archiveCustomer, 204, { ...headers, 'content-length': '7' })],
  ['links that are not there', judge(listMyTokens, 200, linked, JSON.stringify(page))],
  [
    'a link without a title',
    judge(listMyTokens, 200, linked, JSON.stringify({ ...page, _links: { self: { href: '/' } } })),
  ],
  ['links where there are none', judge(livez, 200, linked, alive)],
  ['an answer at a place that is nothing’s', judge(undefined, 200, json, alive)],
])('%s may not', (_, fault) => {
  expect(fault).toBeTypeOf('string')
})
