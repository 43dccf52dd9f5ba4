// How the server is set up. Everything travels as -c flags, so no file in the cluster ever needs editing.
import type { Cluster } from './types.ts'
import { SOCKET_PORT } from './run-folder.ts'

const DEFAULTS: Record<string, string> = {
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '128MB',
  max_connections: '100',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // English, since we read the server's last words when it does not start.
  lc_messages: 'C',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '%m [%p] ',
  // Neither a row's values nor a statement's: they are people's names and numbers.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  // Before recovery Linux syncs the whole file system at once; file by file it took 3 s.
  ...(process.platform === 'linux' ? { recovery_init_sync_method: 'syncfs' } : {}),
}

/** Where a server listens: a unix socket in `host`, or on Windows a port of this machine. */
export interface Address {
  host: string
  port: number
}

export function serverFlags(cluster: Cluster, address: Address): string[] {
  const listening =
    process.platform === 'win32'
      ? { listen_addresses: address.host, port: String(address.port), unix_socket_directories: '' }
      : {
          listen_addresses: '',
          port: String(SOCKET_PORT),
          unix_socket_directories: address.host,
          unix_socket_permissions: '0700',
        }
  const all = { ...DEFAULTS, ...cluster.settings, ...listening }
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** Databases made by initdb sort and fold letters by Unicode, the same on every machine. */
export function localeFlags(major: number): string[][] {
  if (major >= 17) return [['--locale-provider=builtin', '--builtin-locale=C.UTF-8']]
  // Not every C library knows C.UTF-8.
  return [['--locale=C.UTF-8'], ['--locale=C']]
}

/** Little and fixed: our environment holds secrets, and LANG or PG* variables would change what we get. */
export function serverEnvironment(library: string | undefined): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TEMP } = process.env
  return {
    PATH,
    ...(process.platform === 'win32' ? { SystemRoot, TEMP } : {}),
    LC_ALL: 'C',
    // PostgreSQL takes a stale pid file that names a parent of its own for what it is, if told who they are.
    PG_GRANDPARENT_PID: String(process.ppid),
    ...(library ? { LD_LIBRARY_PATH: library } : {}),
  }
}
