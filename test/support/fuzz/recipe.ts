// A request as fast-check makes it: which call, by whom, and how it is turned. Which record, token or page it means is found out
// when it is sent, so that one seed gives the same recipes on every desk.
import fc, { type Arbitrary } from 'fast-check'
import { type Endpoint, type Role, roles, typesProduced } from '../../../contract/index.ts'
import { type Call, spoiledCall, validCall } from './call.ts'
import { hostileBodies } from './hostile-bodies.ts'
import { hostileFraming, hostileMethods } from './hostile-framing.ts'
import { hostileHeaders } from './hostile-headers.ts'
import { hostilePaths } from './hostile-paths.ts'
import { hostileQueries } from './hostile-queries.ts'
import { picture } from '../photos.ts'
import type { Records } from './records.ts'
import { type Sent, withHeader } from './sent.ts'
import type { Twist } from './twist.ts'
import { type Find, toJson, toText } from './value.ts'

/** What stands for a file in every call that brings one. */
const photo = await picture('png', { width: 8, height: 8 })

export type Who = Role | 'nobody' | 'a stranger'
export type Kind = 'valid' | 'spoiled' | 'hostile'

export interface Recipe {
  readonly kind: Kind
  readonly who: Who
  readonly call: Call
  readonly twists: readonly Twist[]
}

/** Mostly those who get past the door: what is behind it is the larger part. */
const anybody: Arbitrary<Who> = fc.oneof(
  { weight: 50, arbitrary: fc.constant<Who>('admin') },
  { weight: 25, arbitrary: fc.constant<Who>('operator') },
  { weight: 12, arbitrary: fc.constantFrom<Who>(...roles) },
  { weight: 7, arbitrary: fc.constant<Who>('nobody') },
  { weight: 6, arbitrary: fc.constant<Who>('a stranger') },
)

const callersOf = ({ config }: Endpoint): Arbitrary<Who> =>
  fc.oneof(...(config.upTo ? [{ weight: 100, arbitrary: fc.constant<Who>(config.upTo) }] : []), {
    weight: 100,
    arbitrary: anybody,
  })

/** Methods and broken HTTP are the same for every endpoint, and a connection of one's own is slow. */
const anyTwists: Arbitrary<readonly Twist[]> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(hostileBodies) },
  { weight: 4, arbitrary: fc.tuple(hostilePaths) },
  { weight: 4, arbitrary: fc.tuple(hostileQueries) },
  { weight: 6, arbitrary: fc.tuple(hostileHeaders) },
  { weight: 1, arbitrary: fc.tuple(hostileMethods) },
  { weight: 1, arbitrary: fc.tuple(hostileFraming) },
  { weight: 3, arbitrary: fc.tuple(hostileHeaders, hostileHeaders) },
  { weight: 2, arbitrary: fc.tuple(hostileHeaders, hostileQueries, hostilePaths) },
)

/** After these nothing of the caller's own is left: they would mostly find the ends of each other. */
const endings = ['deleteSession', 'signOutEverywhere']

/** Each endpoint in each of the three ways. Those with limits of their own hash passwords, which takes 50 ms: few of them. */
export function recipesFor(endpoints: readonly Endpoint[]): Arbitrary<Recipe> {
  return fc.oneof(
    ...endpoints.map((endpoint) => ({
      weight: endpoint.config.limited ? 2 : endings.includes(endpoint.schema.operationId) ? 3 : 12,
      arbitrary: recipesOf(endpoint),
    })),
  )
}

function recipesOf(endpoint: Endpoint): Arbitrary<Recipe> {
  const recipe = (kind: Kind, call: Arbitrary<Call>, twists: Arbitrary<readonly Twist[]>) =>
    fc.record({ kind: fc.constant(kind), who, call, twists })
  const who = callersOf(endpoint)
  const none = fc.constant<readonly Twist[]>([])
  return fc.oneof(
    { weight: 8, arbitrary: recipe('valid', validCall(endpoint), none) },
    { weight: 6, arbitrary: recipe('spoiled', spoiledCall(endpoint), none) },
    { weight: 6, arbitrary: recipe('hostile', validCall(endpoint), anyTwists) },
  )
}

/** The request that a recipe means now. `authorization` is what its caller would show. */
export function written(
  { call, twists }: Recipe,
  { records, host, authorization }: { records: Records; host: string; authorization: string | undefined },
): Sent {
  const find = records.findAs(authorization)
  let sent: Sent = {
    method: call.endpoint.method,
    target: targetOf(call, records, find),
    headers: [
      ['Host', host],
      ['Accept', typesProduced(call.endpoint).join(', ')],
    ],
    body: undefined,
  }
  if (authorization !== undefined) sent = withHeader(sent, 'Authorization', authorization)
  if (call.endpoint.config.ownPage) sent = withHeader(sent, 'Origin', `http://${host}`)
  if (call.body !== undefined) {
    const json = toJson(call.body, find)
    const body = call.asForm ? formOf(call.endpoint, json) : Buffer.from(json)
    sent = withHeader(
      withHeader(
        sent,
        'Content-Type',
        call.asForm ? `multipart/form-data; boundary=${boundary}` : 'application/json',
      ),
      'Content-Length',
      `${body.length}`,
    )
    sent = { ...sent, body }
  }
  const { upload } = call.endpoint.config
  if (call.body === undefined && upload && !call.endpoint.schema.body) {
    sent = withHeader(withHeader(sent, 'Content-Type', 'image/png'), 'Content-Length', `${photo.length}`)
    sent = { ...sent, body: photo }
  }
  for (const twist of twists) sent = twist.apply(sent, records)
  return sent
}

const boundary = 'between-the-parts-of-a-form'

/** The fields of an object as text, and files: a picture where there may be one, texts where there may be several. */
function formOf({ config: { upload } }: Endpoint, json: string): Buffer {
  const fields = Object.entries(JSON.parse(json) as object).map(([name, value]): [string, Buffer] => [
    `name="${name}"`,
    Buffer.from(String(value ?? '')),
  ])
  const file = (type: string) => `name="${upload?.field}"; filename="a"\r\nContent-Type: ${type}`
  const texts = ['It is cold here', 'and getting colder'].map(
    (text) => [file('text/plain'), Buffer.from(text)] as const,
  )
  const files = upload?.maxFiles === 1 ? [[file('image/png'), photo] as const] : texts
  const parts = [...fields, ...files].flatMap(([head, content]) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
    content,
    Buffer.from('\r\n'),
  ])
  return Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)])
}

function targetOf({ endpoint, params, query, follow }: Call, records: Records, find: Find): string {
  const link = follow === undefined ? undefined : records.link(endpoint.schema.operationId, follow)
  if (link !== undefined) return link
  const values = new Map(params)
  const path = endpoint.url.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(toText(values.get(name) ?? null, find).toWellFormed()),
  )
  const pairs = query.map(([name, value]) =>
    [name, toText(value, find)].map((text) => encodeURIComponent(text.toWellFormed())).join('='),
  )
  return pairs.length > 0 ? `${path}?${pairs.join('&')}` : path
}
