// Logs are one line of JSON each, on standard output. Lines name the fields they write; headers and bodies are never logged.
import pino from 'pino'

export type Log = Pick<pino.Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'>

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Lines are gathered and written together, which spares a system call per request; a crash or a stop flushes them. */
export function openLog(level: LogLevel) {
  const destination = pino.destination({ fd: 1, sync: false, minLength: 4096 })
  const log = pino(
    {
      level,
      base: {},
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    destination,
  )
  const flushing = setInterval(() => destination.flush(), 250)
  flushing.unref()
  return {
    log,
    /** For an exit that cannot wait; what is being written at that moment may be lost. */
    flush: () => destination.flushSync(),
    /** Resolves when every line is written. */
    written: () => new Promise<void>((resolve) => destination.flush(() => resolve())),
  }
}

/** An error's own words and place. Not its other fields: a driver's error may carry a row's values. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) }
  return {
    type: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  }
}
