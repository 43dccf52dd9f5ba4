// One connection to the desk, kept alive, which sends whatever it is given: what a client's library would refuse to send, too.
import { connect, type Socket } from 'node:net'
import { type Sent, toBytes } from './sent.ts'

export interface Reply {
  readonly status: number
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
}

/** Longer than any time limit of the desk on its own answers. */
const patience = 40_000

export class Wire {
  readonly #port: number
  readonly #host: string
  #socket: Socket | undefined

  constructor(url: string) {
    this.#port = Number(new URL(url).port)
    this.#host = new URL(url).hostname
  }

  /** Rejects when the connection ends without a whole reply. */
  send(sent: Sent): Promise<Reply> {
    if (sent.alone) this.close()
    const socket = (this.#socket ??= connect({ port: this.#port, host: this.#host, noDelay: true }))
    return new Promise<Reply>((resolve, reject) => {
      let received: Buffer = Buffer.alloc(0)
      const end = (error: Error | undefined, reply?: Reply) => {
        socket.removeAllListeners()
        // Whatever becomes of a connection that is given up is of no interest.
        socket.on('error', () => {})
        socket.setTimeout(0)
        const isOver = error !== undefined || sent.alone || reply?.headers.get('connection') === 'close'
        if (isOver || reply?.headers.get('content-type')?.startsWith('text/event-stream')) this.close()
        if (reply) resolve(reply)
        else reject(error ?? new Error('no reply'))
      }
      const look = (ended: boolean) => {
        const reply = readReply(received, sent.method, ended)
        if (reply) end(undefined, reply)
        else if (ended) end(new Error(`the connection was closed after ${received.length} bytes`))
      }
      socket.on('data', (data: Buffer) => {
        received = received.length === 0 ? data : Buffer.concat([received, data])
        look(false)
      })
      socket.on('end', () => look(true))
      socket.on('close', () => look(true))
      socket.on('error', () => look(true))
      socket.setTimeout(patience, () => end(new Error(`no answer within ${patience / 1_000} s`)))
      socket.write(toBytes(sent))
    })
  }

  close() {
    this.#socket?.destroy()
    this.#socket = undefined
  }
}

/** The reply, once all of it is there. `ended`: nothing more will come. */
function readReply(bytes: Buffer, method: string, ended: boolean): Reply | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0)
  const rest = bytes.subarray(end + 4)
  // 100 Continue and its like only announce the reply.
  if (status < 200) return readReply(rest, method, ended)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  const body = readBody(rest, { status, headers, method, ended })
  return body && { status, headers, text: body.toString() }
}

interface Head {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly method: string
  readonly ended: boolean
}

function readBody(bytes: Buffer, { status, headers, method, ended }: Head): Buffer | undefined {
  const streams = headers.get('content-type')?.startsWith('text/event-stream')
  if (method === 'HEAD' || status === 204 || status === 304 || streams) return Buffer.alloc(0)
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(bytes)
  const length = headers.get('content-length')
  if (length === undefined) return ended ? bytes : undefined
  return bytes.length >= Number(length) ? bytes.subarray(0, Number(length)) : undefined
}

function readChunks(bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = []
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return undefined
    const length = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16)
    if (bytes.length < line + 2 + length + 2) return undefined
    if (length === 0) return Buffer.concat(chunks)
    chunks.push(bytes.subarray(line + 2, line + 2 + length))
    at = line + 2 + length + 2
  }
}
