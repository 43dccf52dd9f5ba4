// Listens to GET /events/stream as a client does, with a socket that can be cut, or left unread.
import { get, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { afterAll } from 'vitest'
import type { Event } from '../../contract/index.ts'

interface StreamOptions {
  readonly token?: string
  readonly cookie?: string
  readonly lastEventId?: number | string
  readonly query?: string
}

export interface EventStream {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** The data of every `change` so far. */
  readonly events: readonly Event[]
  /** Where it began, as `ready` said. */
  readonly began: number
  /** The position that a browser would go on from. */
  readonly lastEventId: number
  readonly comments: number
  readonly isOpen: boolean
  /** What a refusal says. */
  readonly problem: { readonly type: string; readonly status: number } | undefined
  /** As when the network goes away. */
  cut(): void
  stopReading(): void
  goOnReading(): void
}

const open = new Set<IncomingMessage>()
afterAll(() => {
  for (const answer of open) answer.destroy()
})

/** Resolves once it is ready, or refused. */
export async function openStream(
  url: string,
  { token, cookie, lastEventId, query = '' }: StreamOptions = {},
): Promise<EventStream> {
  const request = get(`${url}/api/v1/events/stream${query}`, {
    agent: false,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(cookie === undefined ? {} : { cookie }),
      ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }),
    },
  })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  open.add(answer)
  const stream = {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    events: [] as Event[],
    began: -1,
    lastEventId: -1,
    comments: 0,
    isOpen: true,
    problem: undefined as EventStream['problem'],
    cut: () => void answer.destroy(),
    stopReading: () => void answer.pause(),
    goOnReading: () => void answer.resume(),
  }
  answer.on('error', () => {}) // it was cut
  const closed = new Promise<void>((resolve) => {
    answer.once('close', () => {
      stream.isOpen = false
      open.delete(answer)
      resolve()
    })
  })
  if (stream.status !== 200) {
    let text = ''
    answer.setEncoding('utf8').on('data', (part: string) => void (text += part))
    await closed
    stream.problem = JSON.parse(text)
    return stream
  }
  const ready = new Promise<void>((resolve) => {
    readBlocks(answer, ({ id, event, data, comment }) => {
      if (comment) stream.comments += 1
      if (id !== undefined) stream.lastEventId = Number(id)
      if (event === 'change') stream.events.push(JSON.parse(data))
      if (event !== 'ready') return
      stream.began = (JSON.parse(data) as { after: number }).after
      resolve()
    })
  })
  await Promise.race([ready, closed])
  return stream
}

interface Block {
  readonly id?: string
  readonly event?: string
  readonly data: string
  readonly comment: boolean
}

/** Calls for each block of lines that an empty one ends. What is cut off is no block. */
function readBlocks(answer: IncomingMessage, tell: (block: Block) => void) {
  let rest = ''
  answer.setEncoding('utf8').on('data', (part: string) => {
    const blocks = (rest + part).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const lines = block.split('\n')
      const fields = lines.map((line) => /^(\w+): (.*)$/.exec(line) ?? [])
      const named = Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value]))
      tell({ data: '', ...named, comment: lines.some((line) => line.startsWith(':')) })
    }
  })
}
