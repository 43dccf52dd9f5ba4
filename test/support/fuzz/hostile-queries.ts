// Queries: one parameter twice, lists and objects in brackets, orders and places that are not the caller's to choose.
import fc, { type Arbitrary } from 'fast-check'
import { oneOfTwists, type Twist } from './twist.ts'
import type { Sent } from './sent.ts'

const additions = [
  'sort=password_hash',
  'sort=created%3Bselect%201',
  'sort=-created&sort=created',
  'sort[]=created',
  'sort=created,updated',
  'sort=--created',
  'sort=CREATED',
  'limit=0',
  'limit=101',
  'limit=-1',
  'limit=1e1',
  'limit=10.0',
  'limit=%2010',
  'limit=99999999999999999999',
  'limit=1&limit=2',
  'limit[]=1',
  'limit=',
  'cursor=',
  'cursor=AAAA',
  'cursor=' + 'A'.repeat(1_000),
  'cursor=' + 'A'.repeat(5_000),
  'cursor=%00',
  'cursor=__proto__',
  'cursor=eyJpZCI6MX0',
  'fields=*',
  'include=tokens',
  'expand=processed_by.password_hash',
  'filter[created_by.password_hash][startsWith]=%24',
  'created_by[password_hash]=x',
  '__proto__=1',
  '__proto__[role]=admin',
  'constructor.prototype.role=admin',
  'constructor=1&hasOwnProperty=1',
  'a[]=1&a[]=2',
  'q=%00',
  'q=a%00b',
  'q=%ED%A0%80',
  'q=%zz',
  'q=%',
  'q=' + '%F0%9D%94%98'.repeat(200),
  'q=a&q=b',
  'q=%27%20or%201%3D1%20--',
  'q=%25%5F%5C',
  'q=(((%26!%7C%3A*',
  'q=a:*&b',
  'status=pending%00',
  'show_archived=TRUE',
  'show_archived=1',
  'show_archived=true&show_archived=false',
  'access_token=x',
  'token=x',
  '_method=DELETE',
  'callback=alert',
  '&&&=&=&',
  '=',
  '?',
  'a=b?c=d',
  '%00=1',
  'x='.repeat(1_500),
  Array.from({ length: 1_500 }, (_, n) => `k${n}=1`).join('&'),
]

const joined = (sent: Sent, query: string): Sent => ({
  ...sent,
  target: `${sent.target}${sent.target.includes('?') ? '&' : '?'}${query}`,
})

/** A place in a list that was really given out, changed a little or carried to another list. */
const places: Arbitrary<Twist> = fc
  .tuple(
    fc.double({ min: 0, max: 0.999, noNaN: true }),
    fc.nat({ max: 4 }),
    fc.constantFrom('listCustomers', 'listRequests', 'listOperators'),
  )
  .map(([pick, way, list]): Twist => ({
    apply: (sent, records) => {
      const cursor =
        new URL(records.link(list, pick) ?? '/?cursor=none', 'http://desk.test').searchParams.get('cursor') ??
        ''
      const turned =
        [cursor, cursor.slice(0, -1), cursor.slice(4), `${cursor}A`, cursor.toLowerCase()][way] ?? cursor
      return joined(sent, `cursor=${turned}`)
    },
  }))

export const hostileQueries: Arbitrary<Twist> = fc.oneof(
  { weight: 4, arbitrary: oneOfTwists(additions, (query, sent) => joined(sent, query)) },
  { weight: 1, arbitrary: places },
)
