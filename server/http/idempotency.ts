// Idempotency-Key: whoever does not know whether a call got through sends it again with the same key, and it happens once. The
// answer is kept in the transaction of the effect, so that a crash leaves both or neither.
import { createHash, createHmac } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { inTransaction } from '../db/transaction.ts'
import { AppError, badRequest } from '../errors.ts'
import type { Tasks } from '../jobs/worker.ts'
import { claimKey, deleteOldAnswers, keepAnswer, type KeyOfCaller } from './idempotency-repository.ts'
import { problemOf } from './problems.ts'

/** An answer as it leaves, and as it is kept. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const longest = 255

export function keptAnswers(secret: string) {
  const hashKey = createHash('sha256').update(`idempotency:${secret}`).digest()

  /** Keyed, since a body may hold what could be guessed from a plain hash: a password. */
  function fingerprintOf({ method, url, body, uploaded }: FastifyRequest): Buffer {
    const asked = createHmac('sha256', hashKey).update(`${method} ${url}\n${JSON.stringify(body) ?? ''}`)
    if (uploaded) asked.update('\n').update(createHash('sha256').update(uploaded.bytes).digest())
    return asked.digest()
  }

  return {
    /** Runs the work in a transaction, or answers what it answered the first time. */
    async once(
      ctx: Context,
      request: FastifyRequest,
      key: string | string[],
      work: (ctx: Context) => Promise<Answer>,
    ): Promise<Answer> {
      if (typeof key !== 'string' || key === '' || key.length > longest)
        throw badRequest('bad_idempotency_key', `Idempotency-Key must have 1 to ${longest} characters.`)
      const own = { caller: callerOf(request), key, fingerprint: fingerprintOf(request) }
      let refusal: AppError | undefined
      const workOrRefuse = (ctx: Context) =>
        work(ctx).catch((error: unknown) => {
          if (isLasting(error)) refusal = error
          throw error
        })
      try {
        return await answeredOnce(ctx, own, workOrRefuse)
      } catch (error) {
        // Whatever was done before the refusal is undone by now; it is kept by itself.
        if (!refusal) throw error
        const kept = refusalAnswer(request, refusal)
        return answeredOnce(ctx, own, async () => kept)
      }
    },
  }
}

interface Keyed extends KeyOfCaller {
  readonly fingerprint: Buffer
}

/** The key is taken, the answer looked for, made, and kept, in one transaction. */
function answeredOnce(ctx: Context, keyed: Keyed, work: (ctx: Context) => Promise<Answer>): Promise<Answer> {
  return inTransaction(ctx, async (ctx) => {
    const claim = await claimKey.first(ctx.db, keyed)
    // Looked at first: others who repeat what is done long since may hold the key as well.
    if (claim?.fingerprint) {
      const { fingerprint, status, headers, body } = claim
      if (!fingerprint.equals(keyed.fingerprint)) throw usedOtherwise()
      return { status, body, headers: { ...headers, 'idempotency-replayed': 'true' } }
    }
    if (!claim?.taken) throw stillRunning()
    const answer = await work(ctx)
    const kept = await keepAnswer.first(ctx.db, {
      ...keyed,
      ...answer,
      headers: JSON.stringify(answer.headers),
    })
    if (!kept) throw stillRunning()
    return answer
  })
}

function refusalAnswer(request: FastifyRequest, refusal: AppError): Answer {
  const headers = { 'content-type': 'application/problem+json', ...refusal.headers }
  return { status: refusal.status, headers, body: JSON.stringify(problemOf(request, refusal)) }
}

function callerOf({ actor }: FastifyRequest): string {
  return actor.user_id === null ? actor.role : String(actor.user_id)
}

/** Refusals that the state of things led to. Of the others it is said that the same call may be tried again. */
function isLasting(error: unknown): error is AppError {
  return (
    error instanceof AppError && [404, 409, 422].includes(error.status) && error.code !== 'changed_meanwhile'
  )
}

const stillRunning = () =>
  new AppError(
    'conflict',
    'The first call with this Idempotency-Key is still running; ask again in a moment.',
    {
      code: 'idempotency_key_in_use',
      headers: { 'retry-after': '1' },
    },
  )

const usedOtherwise = () =>
  new AppError('invalid', 'This Idempotency-Key was used for another call; choose a new one.', {
    code: 'idempotency_key_reused',
  })

const deletedAtOnce = 1_000

export function idempotencyTasks(ctx: Context): Tasks {
  return {
    forget_idempotency_keys: {
      schedule: '*/10 * * * *',
      work: async () => {
        const values = { at_most: deletedAtOnce }
        while (((await deleteOldAnswers.first(ctx.db, values))?.deleted ?? 0) === deletedAtOnce);
      },
    },
  }
}
