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
}

export interface Outcome {
  readonly perSecond: number
  readonly calls: number
  /** Milliseconds of each call. */
  readonly latencies: readonly number[]
}

export async function load({ port, connections, seconds, next, status }: Load): Promise<Outcome> {
  const latencies: number[] = []
  const began = performance.now()
  const ends = began + seconds * 1000
  const callers = Array.from({ length: connections }, async () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    await callUntil(ends, socket, next, status, latencies)
    socket.destroy()
  })
  await Promise.all(callers)
  return {
    perSecond: latencies.length / ((performance.now() - began) / 1000),
    calls: latencies.length,
    latencies,
  }
}

function callUntil(
  ends: number,
  socket: Socket,
  next: () => string,
  status: number,
  latencies: number[],
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const expected = `HTTP/1.1 ${status} `
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
    if (!received.toString('latin1', 0, expected.length).startsWith(expected)) {
      return reject(new Error(`Not the status ${status}: ${received.toString()}`))
    }
    received = Buffer.alloc(0)
    latencies.push(performance.now() - sentAt)
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
