// What a caller can act on. Everything else that is thrown is a bug: it is logged once, with the request id, and answers 500.

const statuses = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  too_slow: 408,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media_type: 415,
  invalid: 422,
  too_many_requests: 429,
  head_too_large: 431,
  unavailable: 503,
} as const

export type ErrorKind = keyof typeof statuses

export interface InvalidPart {
  readonly in: 'body' | 'query' | 'path'
  readonly pointer: string
  readonly detail: string
}

export interface AppErrorOptions {
  /** The part of the problem's type that names it, e.g. phone_taken. Stable: callers may rely on it. */
  readonly code: string
  readonly errors?: readonly InvalidPart[]
  readonly conflictsWith?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

export class AppError extends Error {
  readonly status: number
  readonly code: string
  readonly errors: readonly InvalidPart[] | undefined
  readonly conflictsWith: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(kind: ErrorKind, detail: string, options: AppErrorOptions) {
    super(detail, { cause: options.cause })
    this.name = 'AppError'
    this.status = statuses[kind]
    this.code = options.code
    this.errors = options.errors
    this.conflictsWith = options.conflictsWith
    this.headers = options.headers ?? {}
  }
}

export const badRequest = (code: string, detail: string) => new AppError('bad_request', detail, { code })

const challenge = 'Bearer realm="frontdesk"'

/** Says of a token that was sent what is wrong with it (RFC 6750, section 3.1). */
export const invalidToken = { 'www-authenticate': `${challenge}, error="invalid_token"` }

export const unauthorized = (
  detail: string,
  code = 'unauthorized',
  headers: Readonly<Record<string, string>> = {},
) => new AppError('unauthorized', detail, { code, headers: { 'www-authenticate': challenge, ...headers } })

/** What a client was granted does not reach (RFC 6750, section 3.1). Without a scope no client may. */
export const insufficientScope = (scope: string | undefined) =>
  new AppError(
    'forbidden',
    scope === undefined
      ? 'Only people themselves may call this, not a client that acts for them.'
      : `This call needs the scope ${scope}, which was not granted.`,
    {
      code: 'insufficient_scope',
      headers: {
        'www-authenticate': `${challenge}, error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`,
      },
    },
  )

/** The password was shown too long ago for what is dangerous (RFC 9470). */
export const notRecent = (seconds: number) =>
  new AppError(
    'unauthorized',
    'This is dangerous, so show your password again: POST /api/v1/me/reauthentication, or sign in anew.',
    {
      code: 'reauthentication_required',
      headers: {
        'www-authenticate': `${challenge}, error="insufficient_user_authentication", max_age="${seconds}"`,
      },
    },
  )

export const forbidden = (detail: string) => new AppError('forbidden', detail, { code: 'forbidden' })

export const notFound = (detail: string) => new AppError('not_found', detail, { code: 'not_found' })

export const conflict = (code: string, detail: string, conflictsWith?: string) =>
  new AppError('conflict', detail, { code, ...(conflictsWith === undefined ? {} : { conflictsWith }) })

/** When what stood in the way is gone by the time that the reason is looked up: somebody else was at the record. */
export const changedMeanwhile = (record: string) =>
  conflict('changed_meanwhile', `${record} changed in this very moment; try again.`)

export const invalid = (errors: readonly InvalidPart[]) =>
  new AppError('invalid', errors.map((error) => `${error.pointer || error.in} ${error.detail}`).join('; '), {
    code: 'invalid',
    errors,
  })

/** `what`: there was too much of, in words that the time to wait goes after. */
export const tooManyRequests = (what: string, seconds: number) => {
  const wait = Math.max(1, Math.ceil(seconds))
  return new AppError('too_many_requests', `${what}; try again in ${inWords(wait)}.`, {
    code: 'too_many_requests',
    headers: { 'retry-after': String(wait) },
  })
}

function inWords(seconds: number): string {
  const [count, unit] = seconds < 90 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

export const unavailable = (detail: string, cause?: unknown) =>
  new AppError('unavailable', detail, { code: 'unavailable', headers: { 'retry-after': '1' }, cause })

/** Refused at once rather than late: nothing of the call was done. */
export const overloaded = (detail = 'Too much is going on here right now; try again in a moment.') =>
  new AppError('unavailable', detail, { code: 'overloaded', headers: { 'retry-after': '1' } })
