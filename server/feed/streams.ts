// All open streams of this process. The feed is read once for all who know it up to the same position; who is behind, or reads too
// slowly, reads for himself until he has caught up. So nothing is kept for anybody.
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Change, ChangePolicies } from '../change.ts'
import type { Context } from '../context.ts'
import { isUnavailable } from '../db/database.ts'
import { AppError, unavailable } from '../errors.ts'
import { takeOver } from '../http/load-shedding.ts'
import { semaphore } from '../semaphore.ts'
import { changesBetween } from './feed-repository.ts'
import { eventFor, fieldsOf, isOfType } from './feed-rules.ts'
import { ahead, currentEnd } from './feed-service.ts'
import { changeText } from './sse.ts'
import { streamLimits } from './stream-limits.ts'
import { Stream } from './stream.ts'
import { throttle } from './throttle.ts'

export interface Streams {
  /** Takes the reply over. `after`: the position to go on from; without one it begins now. */
  open(request: FastifyRequest, reply: FastifyReply, from: From): Promise<void>
  /** Looks whether something has changed, where anybody wants to know. */
  look(): void
  /** Ends the streams of a user, or of anybody, whose credentials no longer hold. */
  recheck(userId?: number): void
  close(): void
}

interface From {
  readonly after: number | undefined
  readonly type: string | undefined
}

/** Whether the credentials of a call that was let in still stand for the same actor. */
export type Holds = (request: FastifyRequest) => Promise<boolean>

/** Changes that are read at once: what a slow reader may have us keep. */
const atOnce = 200
const milliseconds = 20
const secondsBetweenBeats = 15

export function openStreams(ctx: Context, policies: ChangePolicies, holds: Holds): Streams {
  const fields = fieldsOf(policies)
  const limits = streamLimits()
  const streams = new Set<Stream>()
  /** Those who have been told all up to `known.position`. */
  const live = new Set<Stream>()
  /** Up to where this process has read the feed; undefined while nobody wants to know. */
  let known: { position: number } | undefined
  let seconds: NodeJS.Timeout | undefined
  let closed = false
  // Readers who all come back at once leave connections for other calls.
  const withPermit = semaphore({ atOnce: 3, waiting: Number.POSITIVE_INFINITY }, () =>
    unavailable('Stopping.'),
  )

  const read = (after: number, until: number) =>
    withPermit(() => changesBetween.all(ctx.db, { after, until, fields }))

  const readOn = throttle(milliseconds, async () => {
    if (limits.noneOpen || closed) return
    const end = await currentEnd(ctx)
    known ??= { position: end }
    const current = known
    // The database is another one than it was, a backup perhaps: each reader is told when he comes back.
    if (end < current.position) return endAll()
    for (;;) {
      if (current.position >= end || known !== current) return
      const until = Math.min(current.position + atOnce, end)
      const changes = live.size === 0 ? [] : await read(current.position, until)
      current.position = until
      await Promise.all([...live].map((stream) => tellLive(stream, changes, until)))
    }
  })

  async function tellLive(stream: Stream, changes: readonly Change[], until: number) {
    const told = await tell(stream, changes, until).then(
      () => true,
      () => false,
    )
    if (told && !stream.isFull) return
    live.delete(stream)
    void catchUp(stream)
  }

  /** Throws, having told nothing, when nobody can say whether the stream's credentials hold. */
  async function tell(stream: Stream, changes: readonly Change[], until: number): Promise<void> {
    const { actor } = stream.request
    const texts = changes.map((change) => {
      const event = isOfType(change, stream.type) ? eventFor(policies, actor, change) : undefined
      return event ? changeText(event) : ''
    })
    const text = texts.join('')
    if (text !== '') {
      if (!(await withPermit(() => holds(stream.request)))) return stream.end()
      stream.write(text)
    }
    stream.position = until
  }

  async function catchUp(stream: Stream): Promise<void> {
    for (;;) {
      await stream.drained()
      if (!stream.isOpen || !known) return
      // From here on without a wait in between: nothing is read past a stream that has just come.
      if (stream.position >= known.position) return void live.add(stream)
      const until = Math.min(stream.position + atOnce, known.position)
      try {
        await tell(stream, await read(stream.position, until), until)
      } catch (error) {
        if (!isUnavailable(error) && !(error instanceof AppError)) {
          ctx.log.error({ err: error }, 'a stream was ended by an unexpected error')
          return stream.end()
        }
        await pause(1_000, undefined, { ref: false })
      }
    }
  }

  async function open(request: FastifyRequest, reply: FastifyReply, { after, type }: From): Promise<void> {
    if (closed) throw unavailable('Stopping.')
    // The caller may have left while we asked who they are.
    if (reply.raw.destroyed) return takeOver(reply)
    const leave = limits.enter(request.actor.user_id)
    reply.raw.once('close', () => {
      leave()
      if (limits.noneOpen) fallAsleep()
    })
    seconds ??= setInterval(everySecond, 1_000).unref()
    // "Now" is behind all that is committed, and a caller of a faster instance knows the feed further than we do.
    if (!known || after === undefined || after > known.position) await readOn()
    if (reply.raw.destroyed) return takeOver(reply)
    if (!known) throw unavailable('Stopping.')
    if (after !== undefined && after > known.position) throw ahead(after, known.position)
    const stream = new Stream(request, reply, { after: after ?? known.position, type })
    streams.add(stream)
    reply.raw.once('close', () => {
      streams.delete(stream)
      live.delete(stream)
    })
    void catchUp(stream)
  }

  let quiet = false
  function look() {
    readOn().then(
      () => void (quiet = false),
      (error: unknown) => {
        if (!quiet && !closed)
          ctx.log.warn({ err: error }, 'could not read on for the open streams; trying again')
        quiet = true
      },
    )
  }

  const recheckAll = throttle(0, () => recheckEach([...streams]))

  async function recheckEach(some: readonly Stream[]): Promise<void> {
    await Promise.all(
      some.map(async (stream) => {
        const holding = await withPermit(() => holds(stream.request)).catch(() => true) // asked again in a second
        if (!holding) stream.end()
      }),
    )
  }

  let second = 0
  function everySecond() {
    second += 1
    for (const stream of streams) {
      stream.cutIfStuck()
      if (second % secondsBetweenBeats === 0) stream.beat()
    }
    void recheckAll()
    look()
  }

  function fallAsleep() {
    clearInterval(seconds)
    seconds = undefined
    known = undefined
  }

  function endAll() {
    for (const stream of streams) stream.end()
    known = undefined
  }

  return {
    open,
    look,
    recheck: (userId) =>
      void (userId === undefined
        ? recheckAll()
        : recheckEach([...streams].filter((stream) => stream.request.actor.user_id === userId))),
    close() {
      closed = true
      endAll()
      fallAsleep()
    },
  }
}
