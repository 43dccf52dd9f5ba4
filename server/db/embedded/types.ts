// What the files of this room hand to each other. Only index.ts is for the rest of the product.

/** Where to connect, in the words of `pg`. `host` is a folder with a unix socket, or 127.0.0.1 on Windows. */
export interface EmbeddedConnection {
  host: string
  port: number
  user: string
  database: string
  password?: string
}

export interface EmbeddedLog {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/** The account that PostgreSQL runs as when we are root, since it refuses to run as root itself. */
export interface ServerUser {
  uid: number
  gid: number
}

export interface Binaries {
  initdb: string
  postgres: string
  major: number
  /** Libraries to link beside the socket at each launch; none when all are where they belong. */
  links: readonly (readonly [name: string, file: string])[]
}

/** One cluster on disk and everything needed to start a server for it. */
export interface Cluster {
  dataDir: string
  folder: string
  binaries: Binaries
  user: ServerUser | undefined
  settings: Record<string, string>
  log: EmbeddedLog
}
