// Puts the feed together: its routes, and what wakes the streams.
import type { ChangePolicies } from '../change.ts'
import type { Context } from '../context.ts'
import type { Listener } from '../db/listen.ts'
import type { Api } from '../http/api.ts'
import { channel } from './announcement-repository.ts'
import { announceWrites } from './announcer.ts'
import { feedRoutes } from './feed-routes.ts'
import { type Holds, openStreams } from './streams.ts'

export interface Feed {
  /** Hears of what other instances have written, and of its own. */
  readonly listener: Listener
  /** To be told when a user may do other things than before; of nobody when it may be anybody. */
  accessChanged(userId?: number): void
}

interface FeedParts {
  readonly policies: ChangePolicies
  readonly holds: Holds
}

export function serveFeed(api: Api, ctx: Context, { policies, holds }: FeedParts): Feed {
  const streams = openStreams(ctx, policies, holds)
  announceWrites(api, ctx)
  // Before the server waits for its connections to end.
  api.addHook('preClose', async () => streams.close())
  feedRoutes(api, policies, streams)
  return {
    listener: { channel, onMessage: () => streams.look(), onListening: () => streams.look() },
    accessChanged: (userId) => streams.recheck(userId),
  }
}
