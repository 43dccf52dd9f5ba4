// Makes of a stranger's picture our own: WebP in the sizes that are wanted, upright, without metadata. The decoding is done in a process beside
// this one, which is kept for a while and ends itself over a picture that takes too much.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { AppError, invalid, overloaded, unavailable } from '../errors.ts'
import { semaphore } from '../semaphore.ts'
import type { Answer, Question } from './picture-protocol.ts'
import { pictureTypeOf } from './picture-rules.ts'

export interface Pictures {
  /** Throws a 415 for what is no JPEG, PNG or WebP or another one than `type` says, and a 422 for one that cannot be read. */
  shrink<Size extends string>(
    bytes: Buffer,
    type: string | undefined,
    wanted: Wanted<Size>,
  ): Promise<Readonly<Record<Size, Buffer>>>
  /** Ends what is running. */
  close(): void
}

interface Wanted<Size extends string> {
  /** In pixels: neither wider nor higher, and never enlarged. */
  readonly sides: Readonly<Record<Size, number>>
  /** Where in the body the picture is, for what is said of one that cannot be read. */
  readonly pointer: string
}

interface Limits {
  /** Milliseconds of CPU time that one picture may take; beyond that it is the picture's fault. The worst of photos takes 1.6 s here. */
  readonly effort: number
  /** Milliseconds that an answer is waited for; beyond that it is ours: the machine is busy. */
  readonly patience: number
  /** Milliseconds that a process with nothing to do is kept. */
  readonly keptFor: number
}

/** With the 5 s in the queue they end before an answer's 15 s do (time-limit.ts). */
const usual: Limits = { effort: 2_500, patience: 8_000, keptFor: 30_000 }
const program = fileURLToPath(new URL('picture-process.ts', import.meta.url))

export function openPictures(limits: Partial<Limits> = {}): Pictures {
  const { effort, patience, keptFor } = { ...usual, ...limits }
  const idle = new Map<ChildProcess, NodeJS.Timeout>()
  const all = new Set<ChildProcess>()
  const withPermit = semaphore({ atOnce: 2, waiting: 16, patience: 5_000 }, () =>
    overloaded('Too many pictures are being read right now; try again in a moment.'),
  )

  async function take(until: number): Promise<ChildProcess> {
    for (const [child, timer] of idle) {
      clearTimeout(timer)
      idle.delete(child)
      if (!child.connected) continue
      child.ref()
      child.channel?.ref()
      return child
    }
    return start(until)
  }

  async function start(until: number): Promise<ChildProcess> {
    const child = fork(program, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
      env: decodersEnvironment,
    })
    all.add(child)
    child.once('exit', () => all.delete(child))
    child.on('error', () => {}) // whoever waits for it hears that
    try {
      await heardFrom(child, until)
      if (child.pid !== undefined) setPriority(child.pid, 5) // who waits for an answer goes first
      return child
    } catch (error) {
      child.kill('SIGKILL')
      throw notNow(error)
    }
  }

  function putBack(child: ChildProcess) {
    child.unref()
    child.channel?.unref()
    idle.set(child, setTimeout(end, keptFor, child).unref())
  }

  function end(child: ChildProcess) {
    clearTimeout(idle.get(child))
    idle.delete(child)
    child.kill('SIGKILL')
  }

  async function ask(bytes: Buffer, sides: readonly number[]): Promise<Answer> {
    const until = performance.now() + patience
    const child = await take(until)
    try {
      const heard = heardFrom(child, until)
      child.send({ bytes, effort, sides } satisfies Question, () => {}) // a process that cannot be told does not answer either
      const answer = (await heard) as Answer
      if ('refusal' in answer && answer.last) end(child)
      else putBack(child)
      return answer
    } catch (error) {
      end(child)
      if (!(error instanceof NoAnswer)) throw error
      // Or one file that crashes the decoder would be sent again and again.
      if (error.crashed) return { refusal: 'must be a whole picture that can be read' }
      throw notNow(error)
    }
  }

  return {
    async shrink<Size extends string>(
      bytes: Buffer,
      type: string | undefined,
      { sides, pointer }: Wanted<Size>,
    ) {
      const found = pictureTypeOf(bytes)
      if (found === undefined) throw notThisType('The picture is no JPEG, PNG or WebP.')
      if (type !== undefined && type !== found)
        throw notThisType(`The picture is ${found}, and said to be ${type}.`)
      const sizes = Object.keys(sides) as Size[]
      const answer = await withPermit(() =>
        ask(
          bytes,
          sizes.map((size) => sides[size]),
        ),
      )
      if ('refusal' in answer) throw invalid([{ in: 'body', pointer, detail: answer.refusal }])
      return Object.fromEntries(sizes.map((size, at) => [size, answer.pictures[at]])) as Record<Size, Buffer>
    },
    close() {
      for (const child of all) end(child)
    },
  }
}

/** None of our secrets; no temporary files, however large a picture is; memory goes back when it is no longer needed. */
const { PATH, SystemRoot } = process.env
const decodersEnvironment = {
  ...(PATH === undefined ? {} : { PATH }),
  ...(SystemRoot === undefined ? {} : { SystemRoot }),
  VIPS_DISC_THRESHOLD: '1g',
  MALLOC_ARENA_MAX: '2',
}

/** The process has died, or did not answer in time. */
class NoAnswer extends Error {
  /** It died of what it was doing; otherwise it was slow, or ended from outside. */
  readonly crashed: boolean

  constructor(message: string, crashed = false) {
    super(message)
    this.crashed = crashed
  }
}

/** How a process is ended that did nothing wrong: by the kernel that needs its memory, by us, by who stops the service. */
const fromOutside: readonly unknown[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']

const ended = (code: unknown, signal: unknown) =>
  new NoAnswer(`it has ended by ${String(signal ?? code)}`, !fromOutside.includes(signal))

/** `until`: of performance.now(). */
async function heardFrom(child: ChildProcess, until: number): Promise<unknown> {
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(), until - performance.now())
  try {
    const { signal } = over
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as unknown),
      once(child, 'exit', { signal }).then(([code, signal]) => Promise.reject(ended(code, signal))),
    ])
  } catch (error) {
    throw error instanceof Error && error.name === 'AbortError' ? new NoAnswer('it takes too long') : error
  } finally {
    clearTimeout(timer)
    over.abort()
  }
}

const notNow = (cause: unknown) =>
  unavailable('Pictures cannot be read right now; try again in a moment.', cause)

const notThisType = (detail: string) =>
  new AppError('unsupported_media_type', detail, { code: 'unsupported_media_type' })
