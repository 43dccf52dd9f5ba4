// The file store: a small port, with local disk behind it, or S3 where that is configured. It knows names and bytes; what
// they mean is a module's. A name never comes from outside.

import type { Readable } from 'node:stream'

export interface StoredFile {
  readonly name: string
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** Whoever opens it reads the stream to its end, or destroys it. */
export interface FileContent {
  /** How many there are. */
  readonly bytes: number
  readonly stream: Readable
}

export interface Files {
  /** Safe from a power cut once it resolves: a row may name it then. Of one name there is all or nothing. */
  put(name: string, bytes: Buffer): Promise<void>
  /** Undefined where there is no such file. */
  get(name: string): Promise<FileContent | undefined>
  /** Also where there is none. */
  delete(name: string): Promise<void>
  /** Everything that is there, what writes that were cut off have left behind included. */
  list(): AsyncIterable<StoredFile>
}
