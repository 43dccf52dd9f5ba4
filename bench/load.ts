// Callers that each keep one connection and one call in flight. Written on bare sockets because they share the machine's
// cores with what they measure: autocannon takes half as much CPU again per call.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Load {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  /** The next call, as the bytes of an HTTP request. */
  readonly next: () => string
  /** The status that every answer must have. */
  readonly status: number
  /** Another status that is no answer, but a refusal, and how many milliseconds a caller then waits. */
  readonly refusal?: { readonly status: number; readonly wait: () => number } | undefined
}

export interface Outcome {
  readonly perSecond: number
  readonly calls: number
  /** Milliseconds of each call. */
  readonly latencies: readonly number[]
  /** Calls that were refused, and are not among the others. */
  readonly refused?: number
}

export async function load(load: Load): Promise<Outcome> {
  const { port, connections, seconds } = load
  const told = { latencies: [] as number[], refused: 0 }
  const { latencies } = told
  const began = performance.now()
  const ends = began + seconds * 1000
  const callers = Array.from({ length: connections }, async () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    await callUntil(ends, socket, load, told)
    socket.destroy()
  })
  await Promise.all(callers)
  return {
    perSecond: latencies.length / ((performance.now() - began) / 1000),
    calls: latencies.length,
    latencies,
    refused: told.refused,
  }
}

function callUntil(
  ends: number,
  socket: Socket,
  { next, status, refusal }: Load,
  told: { latencies: number[]; refused: number },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const isStatus = (expected: number) => received.toString('latin1', 9, 12) === String(expected)
  let received: Buffer = Buffer.alloc(0)
  let sentAt = 0
  const send = () => {
    sentAt = performance.now()
    if (sentAt >= ends) return resolve()
    socket.write(next(), 'latin1')
  }
  socket.on('error', reject)
  socket.on('close', () => reject(new Error('The server closed the connection')))
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const length = answerLength(received)
    if (length === undefined || received.length < length) return
    if (refusal && isStatus(refusal.status)) {
      received = Buffer.alloc(0)
      told.refused += 1
      const wait = refusal.wait()
      if (wait === 0) send()
      else setTimeout(send, Math.min(wait, Math.max(0, ends - performance.now())))
      return
    }
    if (!isStatus(status)) {
      return reject(new Error(`Not the status ${status}: ${received.toString()}`))
    }
    received = Buffer.alloc(0)
    told.latencies.push(performance.now() - sentAt)
    send()
  })
  send()
  return promise
}

/** Head and body together; undefined while the head is not whole. */
function answerLength(received: Buffer): number | undefined {
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = received.toString('latin1', 0, headEnd)
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (length === undefined) throw new Error(`An answer without a length: ${head}`)
  return headEnd + 4 + Number(length)
}
