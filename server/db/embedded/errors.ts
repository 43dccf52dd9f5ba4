// Errors that the person who starts Frontdesk can act on: what, where, what to do. All else is a bug.

export class EmbeddedPostgresError extends Error {
  override name = 'EmbeddedPostgresError'
}

export const OTHER_WAYS =
  'set FRONTDESK_PG_BIN to the folder with initdb and postgres of an installed PostgreSQL ' +
  '15 or newer, or set DATABASE_URL to a PostgreSQL server'

export function alreadyOwned(dataDir: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `Another Frontdesk is already running on DATA_DIR ${dataDir}; stop it first, or choose another DATA_DIR.`,
  )
}

/** The code of a system error (ENOENT) or of a PostgreSQL error (57P03). */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}
