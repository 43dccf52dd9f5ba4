// The change feed: what has changed, in order, to poll or to listen to.
import { Type, type Static } from 'typebox'
import { actions, recordTypes } from './audit.ts'
import type { Endpoint } from './endpoint.ts'
import { id, nullable, object, oneOf, timestamp } from './schema.ts'

const tags = ['Events'] as const

const position = (description: string, example: number) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description, examples: [example] })

export const Event = object(
  {
    id: {
      ...id(
        'Its position in the feed: whole numbers that only grow. A caller who may not see all finds gaps.',
      ),
      examples: [42],
    },
    type: Type.String({
      description: 'What happened, after the type of the record.',
      examples: ['ticket.assigned'],
    }),
    at: timestamp('When it happened. The feed is in the order of `id`, these times need not be.'),
    record_type: Type.String({ description: 'What kind of record changed.', examples: ['ticket'] }),
    record_id: { ...id('Number of the record.'), examples: [7] },
    href: nullable(
      Type.String({
        description: 'Where this caller reads the record as it is now; null where there is no such place.',
        examples: ['/api/v1/requests/7'],
      }),
    ),
    version: nullable(
      Type.Integer({
        minimum: 1,
        description: 'The version that the record got by this; null for records without versions.',
        examples: [2],
      }),
    ),
    tombstone: Type.Boolean({
      description:
        'True where the record is out of the lists from then on: archived, disabled, revoked or erased.',
      examples: [false],
    }),
    actor_id: nullable(
      id('The user who did it; null for the machine itself, and for callers who may not know.'),
    ),
    request_id: Type.String({
      description: 'Names the call that did it in the logs.',
      examples: ['019ab6d0-6a53-7a0e-8d3f-2f7f4a1c9d55'],
    }),
  },
  {
    $id: 'Event',
    description: 'That a record changed, as opposed to what it is now: that is read at `href`.',
  },
)
export type Event = Static<typeof Event>

const type = Type.Optional(
  oneOf([...recordTypes, ...actions], 'Only what happened so, or to records of this type.', 'ticket'),
)

const ahead =
  'The feed ends before `after`, since the database was restored from an older backup (`position_ahead`): begin anew.'

export const listEvents = {
  method: 'GET',
  url: '/api/v1/events',
  config: { access: 'customer', scope: 'events:read', conflict: ahead },
  schema: {
    operationId: 'listEvents',
    summary: 'List what has changed',
    description:
      'The changes of records that this caller may see, in the order of their ids. Call again with the `after` that was answered until `end_of_stream` is true, then again later: nothing is missed, however writers overlap. What was acknowledged before the call is in it.',
    tags,
    querystring: object({
      after: Type.Optional({
        ...position('The position up to which the caller knows the feed; 0 is its beginning.', 0),
        default: 0,
      }),
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 1_000,
          default: 100,
          description: 'Events in one answer. There may be fewer before the end, even none.',
          examples: [100],
        }),
      ),
      type,
    }),
    response: {
      200: object(
        {
          results: Type.Array(Event, { description: 'The events, oldest first.' }),
          after: position('The position up to which this call looked; the next one goes on from here.', 42),
          end_of_stream: Type.Boolean({
            description: 'True when there is nothing more right now.',
            examples: [true],
          }),
        },
        { $id: 'EventPage', description: 'Some events, and where to go on.' },
      ),
    },
  },
} as const satisfies Endpoint

export const streamEvents = {
  method: 'GET',
  url: '/api/v1/events/stream',
  config: {
    access: 'customer',
    scope: 'events:read',
    conflict: ahead,
    limited: true,
    produces: 'text/event-stream',
  },
  schema: {
    operationId: 'streamEvents',
    summary: 'Listen to what changes',
    description:
      'Server-sent events that never end. First `ready` with the position where it begins; then each `change`, whose data is an Event, within moments of its commit. After a cut, the header `Last-Event-ID` (which browsers send by themselves) or `after` goes on from there, and nothing is missed; without them it begins now. A comment comes every 15 seconds. It ends when the credentials do. At most 10 at once for a user.',
    tags,
    querystring: object({
      after: Type.Optional(
        position('The position up to which the caller knows the feed; `Last-Event-ID` goes before it.', 0),
      ),
      type,
    }),
    response: {
      200: Type.String({
        description: 'The stream (WHATWG HTML, server-sent events).',
        examples: [
          'retry: 1000\nid: 41\nevent: ready\ndata: {"after":41}\n\nid: 42\nevent: change\ndata: {"id":42,"type":"ticket.assigned","at":"2026-11-21T09:30:00.000000Z","record_type":"ticket","record_id":7,"href":"/api/v1/requests/7","version":2,"tombstone":false,"actor_id":1,"request_id":"019ab6d0-6a53-7a0e-8d3f-2f7f4a1c9d55"}\n\n',
        ],
      }),
    },
  },
} as const satisfies Endpoint
