// One open stream: an answer that does not end, and how far its reader has been told.
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { takeOver } from '../http/load-shedding.ts'
import { beatText, readyText, streamHeaders } from './sse.ts'

/** Seconds in which a reader must take what has been written. */
const patience = 10
/** Milliseconds for the last words to get through. */
const farewell = 200

export class Stream {
  readonly request: FastifyRequest
  readonly type: string | undefined
  /** The position up to which it has been told. */
  position: number
  readonly #raw: ServerResponse
  #secondsFull = 0

  constructor(
    request: FastifyRequest,
    reply: FastifyReply,
    { after, type }: { after: number; type: string | undefined },
  ) {
    this.request = request
    this.type = type
    this.position = after
    this.#raw = reply.raw
    takeOver(reply)
    this.#raw.writeHead(200, { ...reply.getHeaders(), ...streamHeaders } as Record<string, string>)
    this.write(readyText(after))
  }

  get isOpen(): boolean {
    return !this.#raw.writableEnded && !this.#raw.destroyed
  }

  /** True while the reader is slower than what is written. */
  get isFull(): boolean {
    return this.#raw.writableNeedDrain
  }

  write(text: string) {
    if (this.isOpen) this.#raw.write(text)
  }

  /** Resolves once it is full no more, or gone. */
  async drained(): Promise<void> {
    if (!this.isOpen || !this.isFull) return
    await new Promise<void>((resolve) => {
      const over = () => {
        this.#raw.off('drain', over).off('close', over)
        resolve()
      }
      this.#raw.on('drain', over).on('close', over)
    })
  }

  beat() {
    if (!this.isFull) this.write(beatText(this.position))
  }

  /** To be called every second. A reader who takes nothing is let go, and comes back for the rest with Last-Event-ID. */
  cutIfStuck() {
    this.#secondsFull = this.isFull ? this.#secondsFull + 1 : 0
    if (this.#secondsFull > patience) this.#raw.destroy()
  }

  end() {
    if (!this.isOpen) return
    this.#raw.end()
    setTimeout(() => this.#raw.destroy(), farewell).unref()
  }
}
