import { listEvents, streamEvents } from '../../contract/index.ts'
import type { ChangePolicies } from '../change.ts'
import { badRequest } from '../errors.ts'
import type { Api } from '../http/api.ts'
import * as feed from './feed-service.ts'
import { streamHeaders } from './sse.ts'
import type { Streams } from './streams.ts'

export function feedRoutes(api: Api, policies: ChangePolicies, streams: Streams) {
  api.route({
    ...listEvents,
    handler: (request) => feed.list(request.ctx, policies, request.actor, request.query),
  })
  api.route({
    ...streamEvents,
    handler: async (request, reply) => {
      if (request.method === 'HEAD') return reply.headers(streamHeaders).send('')
      const { after, type } = request.query
      await streams.open(request, reply, {
        after: lastEventId(request.headers['last-event-id']) ?? after,
        type,
      })
      return reply
    },
  })
}

function lastEventId(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  const id = Number(header)
  if (typeof header === 'string' && /^\d{1,16}$/.test(header) && Number.isSafeInteger(id)) return id
  throw badRequest('bad_last_event_id', 'Last-Event-ID is the id of an event of this stream, such as 42.')
}
