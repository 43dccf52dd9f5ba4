// Answers that are files. They are read from the store as fast as the caller takes them: who reads slowly, or not at all, holds a
// piece of a file and not the whole.
import { once } from 'node:events'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { overloaded, tooManyRequests, unavailable } from '../errors.ts'
import type { FileContent } from '../files/files.ts'
import { type CountedAs, countedAs } from '../counted-as.ts'

/** Of all callers, and of one: more than a browser asks for at once. Each holds an open file or a connection to S3. */
const atOnce = 512
const atOnceForOne = 100

/** A caller who takes nothing for so long is let go, in milliseconds. */
const patience = 30_000

/** In this process, by user or, where nobody is signed in, by network. */
const sending = new Map<CountedAs, number>()
let all = 0

/** What goes wrong before the first byte is thrown, and none of `headers` is set then. */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { content, headers }: { readonly content: FileContent; readonly headers: Readonly<Record<string, string>> },
) {
  const { bytes, stream } = content
  if (request.method === 'HEAD') stream.destroy()
  else await begin(request, content)
  // It may take as long as the connection needs: this bounds only how long nothing is taken.
  clearTimeout(request.timeLimit)
  reply.raw.setTimeout(patience, () => reply.raw.destroy())
  return reply.headers({ ...headers, 'content-length': bytes }).send(stream)
}

async function begin(request: FastifyRequest, { stream }: FileContent) {
  try {
    hold(countedAs(request), stream)
    await once(stream, 'readable').catch(unreadable)
  } catch (error) {
    stream.destroy()
    throw error
  }
}

const unreadable = (error: unknown) => {
  throw unavailable('The file cannot be read right now; try again soon.', error)
}

function hold(caller: CountedAs, stream: FileContent['stream']) {
  const own = sending.get(caller) ?? 0
  if (own >= atOnceForOne) throw tooManyRequests(`You may read ${atOnceForOne} files at a time`, 1)
  if (all >= atOnce) throw overloaded()
  all += 1
  sending.set(caller, own + 1)
  stream.once('close', () => {
    all -= 1
    const rest = (sending.get(caller) ?? 1) - 1
    if (rest > 0) sending.set(caller, rest)
    else sending.delete(caller)
  })
}
