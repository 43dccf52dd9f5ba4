// The sentences for a server that does not start, or does not answer.
import { EmbeddedPostgresError, OTHER_WAYS } from './errors.ts'
import type { Cluster } from './types.ts'

export function notStarted({ dataDir, folder }: Cluster, reason: string): EmbeddedPostgresError {
  const advice = /error while loading shared libraries|ENOENT|EACCES|Exec format/.test(reason)
    ? `PostgreSQL's programs do not run on this machine: install what is missing, ${OTHER_WAYS}.`
    : /No space left/.test(reason)
      ? `Make room on the disk of ${dataDir} and start again.`
      : `Look into postgres.log in ${dataDir} for what came before.`
  return new EmbeddedPostgresError(
    `PostgreSQL could not start on ${folder}: ${reason.replace(/\.?$/, '.')} ${advice}`,
  )
}

export function notAnswering(
  { folder }: Cluster,
  pid: number | undefined,
  reason: string,
): EmbeddedPostgresError {
  if (pid === undefined) {
    return new EmbeddedPostgresError(
      `PostgreSQL could not get hold of ${folder}: ${reason.replace(/\.?$/, '.')} ` +
        'Another server may still be closing it; try again in a moment.',
    )
  }
  return new EmbeddedPostgresError(
    `The PostgreSQL on ${folder} (process ${pid}) does not let us in: ${reason}. If it is ` +
      `recovering, try again later; if not, stop it with kill -INT ${pid}, or choose another DATA_DIR.`,
  )
}
