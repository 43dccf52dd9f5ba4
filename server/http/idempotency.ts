// Idempotency-Key: whoever does not know whether a call got through sends it again with the same key, and it happens once. The
// answer is kept in the transaction of the effect, so that a crash leaves both or neither.
import { createHash, createHmac } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { derivedKey } from '../credentials/derived-key.ts'
import { inTransaction } from '../db/transaction.ts'
import { AppError, badRequest } from '../errors.ts'
import type { Tasks } from '../jobs/worker.ts'
import {
  claimKey,
  deleteOldAnswers,
  keepAnswer,
  type KeyOfCaller,
  findAnswer,
  type KeptAnswer,
} from './idempotency-repository.ts'
import { problemOf } from './problems.ts'

/** An answer as it leaves, and as it is kept. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const longest = 255

export function keptAnswers(secret: string) {
  const hashKey = derivedKey(secret, 'fingerprints of calls')

  /** Keyed, since a body may hold what could be guessed from a plain hash: a password. */
  function fingerprintOf({ method, url, body, uploaded }: FastifyRequest): Buffer {
    const asked = createHmac('sha256', hashKey).update(`${method} ${url}\n${JSON.stringify(body) ?? ''}`)
    for (const { name, type, bytes } of uploaded ?? [])
      asked.update(`\n${JSON.stringify([name, type])}\n`).update(createHash('sha256').update(bytes).digest())
    return asked.digest()
  }

  return {
    /** Runs the work in a transaction, or answers what it answered the first time. What it needs prepared is so before that. */
    async once(
      ctx: Context,
      request: FastifyRequest,
      key: string | string[],
      { prepare, work }: Keyable,
    ): Promise<Answer> {
      if (typeof key !== 'string' || key === '' || key.length > longest)
        throw badRequest('bad_idempotency_key', `Idempotency-Key must have 1 to ${longest} characters.`)
      const own = { caller: callerOf(request), key, fingerprint: fingerprintOf(request) }
      let refusal: AppError | undefined
      const orRefused = (error: unknown) => {
        if (isLasting(error)) refusal = error
        throw error
      }
      try {
        if (prepare) {
          const answer = await findAnswer.first(ctx.db, own)
          if (answer) return again(answer, own)
          await prepare().catch(orRefused)
        }
        return await answeredOnce(ctx, own, (ctx) => work(ctx).catch(orRefused))
      } catch (error) {
        // Whatever was done before the refusal is undone by now; it is kept by itself.
        if (!refusal) throw error
        const kept = refusalAnswer(request, refusal)
        return answeredOnce(ctx, own, async () => kept)
      }
    },
  }
}

interface Keyable {
  /** What takes long and no connection: not done for a call that was answered before. */
  readonly prepare?: () => Promise<void>
  readonly work: (ctx: Context) => Promise<Answer>
}

interface Keyed extends KeyOfCaller {
  readonly fingerprint: Buffer
}

/** The key is taken, the answer looked for, made, and kept, in one transaction. */
function answeredOnce(ctx: Context, keyed: Keyed, work: (ctx: Context) => Promise<Answer>): Promise<Answer> {
  return inTransaction(ctx, async (ctx) => {
    const claim = await claimKey.first(ctx.db, keyed)
    // Looked at first: others who repeat what is done long since may hold the key as well.
    if (claim?.fingerprint) return again(claim, keyed)
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

/** What was answered before, to the same call. */
function again({ fingerprint, status, headers, body }: KeptAnswer, keyed: Keyed): Answer {
  if (!fingerprint.equals(keyed.fingerprint)) throw usedOtherwise()
  return { status, body, headers: { ...headers, 'idempotency-replayed': 'true' } }
}

function refusalAnswer(request: FastifyRequest, refusal: AppError): Answer {
  const headers = { 'content-type': 'application/problem+json', ...refusal.headers }
  return { status: refusal.status, headers, body: JSON.stringify(problemOf(request, refusal)) }
}

/** A client that acts for somebody keeps its keys apart from theirs: it may do less, and chooses them by itself. */
function callerOf({ actor: { user_id, role, credential } }: FastifyRequest): string {
  const caller = user_id === null ? role : String(user_id)
  return credential?.client_id === undefined ? caller : `${caller} by ${credential.client_id}`
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

export function idempotencyTasks(ctx: Context): Tasks {
  return {
    forget_idempotency_keys: { schedule: '*/10 * * * *', work: () => deleteOldAnswers(ctx.db) },
  }
}
