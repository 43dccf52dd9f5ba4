// The file store: a small port, with local disk behind it, or S3 where that is configured. It knows names and bytes; what
// they mean is a module's. A name never comes from outside.

export interface StoredFile {
  readonly name: string
  /** Milliseconds since 1970. */
  readonly modified: number
}

export interface Files {
  /** Safe from a power cut once it resolves: a row may name it then. Of one name there is all or nothing. */
  put(name: string, bytes: Buffer): Promise<void>
  /** Undefined where there is no such file. */
  get(name: string): Promise<Buffer | undefined>
  /** Also where there is none. */
  delete(name: string): Promise<void>
  /** Everything that is there, what writes that were cut off have left behind included. */
  list(): AsyncIterable<StoredFile>
}
