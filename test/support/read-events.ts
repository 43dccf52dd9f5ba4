// Reads the change feed as a client does that keeps a copy: on and on, until nothing more is there.
import { type Event, listEvents } from '../../contract/index.ts'
import type { Caller } from './caller.ts'

/** All events behind a position, and the position where they end. */
export async function readEvents(
  call: Caller,
  { after = 0, limit = 1_000 } = {},
): Promise<{ events: Event[]; after: number }> {
  const events: Event[] = []
  for (;;) {
    const { body } = await call(listEvents, { query: { after, limit } })
    events.push(...body.results)
    after = body.after
    if (body.end_of_stream) return { events, after }
  }
}
