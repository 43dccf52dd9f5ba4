// Makes of a stranger's picture our own: two sizes of WebP, upright, without metadata. The decoding is done in a process beside
// this one, which is kept for a while and killed when a picture takes too long.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { AppError, invalid, overloaded, unavailable } from '../errors.ts'
import { semaphore } from '../semaphore.ts'
import type { Answer, Question, Sizes } from './picture-protocol.ts'
import { pictureTypeOf } from './picture-rules.ts'

export interface Pictures {
  /** Throws a 415 for what is no JPEG, PNG or WebP or another one than `type` says, and a 422 for one that cannot be read. */
  shrink(bytes: Buffer, type: string | undefined): Promise<Sizes>
  /** Ends what is running. */
  close(): void
}

interface Limits {
  /** Milliseconds that one picture may take. The largest one allowed takes 0.7 s here. */
  readonly patience: number
  /** Milliseconds that a process with nothing to do is kept. */
  readonly keptFor: number
}

const startedWithin = 10_000
const program = fileURLToPath(new URL('picture-process.ts', import.meta.url))

export function openPictures({ patience, keptFor }: Limits = { patience: 1_500, keptFor: 30_000 }): Pictures {
  const idle = new Map<ChildProcess, NodeJS.Timeout>()
  const all = new Set<ChildProcess>()
  const withPermit = semaphore({ atOnce: 2, waiting: 16, patience: 5_000 }, () =>
    overloaded('Too many pictures are being read right now; try again in a moment.'),
  )

  async function take(): Promise<ChildProcess> {
    for (const [child, timer] of idle) {
      clearTimeout(timer)
      idle.delete(child)
      if (!child.connected) continue
      child.ref()
      child.channel?.ref()
      return child
    }
    return start()
  }

  async function start(): Promise<ChildProcess> {
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
      await heardFrom(child, startedWithin)
      if (child.pid !== undefined) setPriority(child.pid, 5) // who waits for an answer goes first
      return child
    } catch (error) {
      child.kill('SIGKILL')
      throw unavailable('Pictures cannot be read right now; try again soon.', error)
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

  async function ask(question: Question): Promise<Answer> {
    const child = await take()
    try {
      const heard = heardFrom(child, patience)
      child.send(question, () => {}) // a process that cannot be told does not answer either
      const answer = (await heard) as Answer
      putBack(child)
      return answer
    } catch (error) {
      end(child)
      if (error instanceof NoAnswer)
        return { refusal: 'must be a picture that can be read without great effort' }
      throw error
    }
  }

  return {
    async shrink(bytes, type) {
      const found = pictureTypeOf(bytes)
      if (found === undefined) throw notThisType('The picture is no JPEG, PNG or WebP.')
      if (type !== undefined && type !== found)
        throw notThisType(`The picture is ${found}, and said to be ${type}.`)
      const answer = await withPermit(() => ask({ bytes }))
      if ('refusal' in answer) throw invalid([{ in: 'body', pointer: '/photo', detail: answer.refusal }])
      return answer
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
class NoAnswer extends Error {}

async function heardFrom(child: ChildProcess, within: number): Promise<unknown> {
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(), within)
  try {
    const { signal } = over
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as unknown),
      once(child, 'exit', { signal }).then(() => Promise.reject(new NoAnswer('it has ended'))),
    ])
  } catch (error) {
    throw error instanceof Error && error.name === 'AbortError' ? new NoAnswer('it takes too long') : error
  } finally {
    clearTimeout(timer)
    over.abort()
  }
}

const notThisType = (detail: string) =>
  new AppError('unsupported_media_type', detail, { code: 'unsupported_media_type' })
