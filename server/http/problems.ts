// Every failure leaves as problem+json (RFC 9457), made here and nowhere else: never a stack, never SQL.
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isUnavailable } from '../db/database.ts'
import { AppError, badRequest, invalid, notFound, unavailable } from '../errors.ts'
import { endProgress } from './load-shedding.ts'
import { unsupportedMediaType } from './media-types.ts'
import { refusals } from './refusals.ts'
import { alwaysSent } from './secure-headers.ts'
import { pathOf } from './urls.ts'

export function answerProblems(app: FastifyInstance) {
  const refusalTime = refusals(app.log)
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = understand(error, request)
    if (!known) request.log.error({ err: error }, 'unexpected error')
    else if (known.code === 'overloaded') {
      endProgress(request)
      return refusalTime().then(() => sendProblem(request, reply, known))
    } else if (known.status >= 500) request.log.warn({ err: known.cause ?? known }, 'unavailable')
    return sendProblem(request, reply, known)
  })
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, notFound(`There is nothing at ${pathOf(request)}.`)),
  )
}

/** Answers what the caller can act on; undefined for a bug of ours. */
function understand(error: FastifyError, request: FastifyRequest): AppError | undefined {
  if (error instanceof AppError) return error
  // Its connection was cut, and not ours to the database.
  if (error.code === 'ECONNRESET' && request.raw.destroyed && !request.raw.complete) return cutOff()
  if (isUnavailable(error))
    return unavailable('The database does not answer right now; try again soon.', error)
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new AppError('too_large', 'The body is too large.', { code: 'too_large' })
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return unsupportedMediaType(request)
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return badRequest('bad_content_length', 'The body is not as long as Content-Length says.')
    // A statement or lock that hit its time limit: somebody else holds the record, or the database is overloaded.
    case '57014':
    case '55P03':
      return unavailable('The database is busy; try again soon.', error)
    default:
      break
  }
  return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
    ? badRequest('bad_request', 'The request is not well formed.')
    : undefined
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, error: AppError | undefined) {
  const status = error?.status ?? 500
  return reply
    .code(status)
    .headers({ ...error?.headers })
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problemOf(request, error))
}

/** The body of a failure; without an error, of a bug of ours. */
export function problemOf(request: Pick<FastifyRequest, 'id' | 'originalUrl'>, error: AppError | undefined) {
  const status = error?.status ?? 500
  return {
    type: `urn:frontdesk:problem:${error?.code ?? 'internal'}`,
    title: STATUS_CODES[status],
    status,
    detail: error?.message ?? 'Something went wrong on our side. The request_id finds it in the logs.',
    instance: pathOf(request),
    request_id: request.id,
    conflicts_with: error?.conflictsWith,
    errors: error?.errors,
  }
}

/** A body where the contract has none is refused like any unknown field. */
export function refuseUnexpectedBodies(app: FastifyInstance) {
  const refusal = () =>
    invalid([{ in: 'body', pointer: '', detail: 'must be empty: this call takes no body' }])
  app.addHook('preValidation', (request, _reply, done) => {
    const { body, is404 } = request
    const isUnexpected = body !== undefined && body !== null && !is404 && !request.routeOptions.schema?.body
    done(isUnexpected ? refusal() : undefined)
  })
}

const cutOff = () => badRequest('cut_off', 'The request ended before all of it had come.')
const tooSlow = () => new AppError('too_slow', 'The request took too long to arrive.', { code: 'too_slow' })

const noHttp: Readonly<Record<string, AppError>> = {
  HPE_HEADER_OVERFLOW: new AppError('head_too_large', 'The head of the request is too large.', {
    code: 'head_too_large',
  }),
  ERR_HTTP_REQUEST_TIMEOUT: tooSlow(),
  CONNECT: new AppError('method_not_allowed', 'CONNECT is for proxies, and this is none.', {
    code: 'method_not_allowed',
    headers: { allow: '' },
  }),
}

/** A URL that cannot be decoded reaches no route and no hook. */
export function answerBadUrl(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  reply.headers({ ...alwaysSent, 'x-request-id': request.id })
  sendProblem(
    request,
    reply,
    notFound(
      error.code === 'FST_ERR_BAD_URL' ? 'This URL is not well formed.' : 'There is nothing at this URL.',
    ),
  )
}

/** What is not HTTP never becomes a request; its problem is written to the bare connection, which is then closed. */
export function answerNoHttp({ code = '' }: { readonly code?: string }, socket: Duplex) {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const error = noHttp[code] ?? badRequest('bad_request', 'This is no HTTP request.')
  const id = randomUUID()
  const problem = JSON.stringify(problemOf({ id, originalUrl: '' }, error))
  const headers = {
    ...alwaysSent,
    ...error.headers,
    'x-request-id': id,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(problem),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  // A peer that keeps its half open would hold the connection, and whoever reads from it, for ever.
  setTimeout(() => socket.destroy(), 1_000).unref()
  socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${problem}`)
}
