// What is in a ZIP archive, as office files are: only the list of it is read, nothing is unpacked. Strict, since what readers
// understand in different ways is how one file is made to be two.

/** What an office file never has; the list is read in one go, while nothing else is done. */
const entriesAtMost = 10_000

const [endBytes, end64Bytes, locatorBytes] = [22, 56, 20]

const isAt = (bytes: Buffer, at: number, mark: string) => bytes.toString('latin1', at, at + 4) === mark

/**
 * The names of what is in it. Undefined where it is no archive from the first byte to the last, where it has more than 10,000
 * entries, two of them have one name, one is encrypted, or its name leads out of the archive.
 */
export function archiveEntries(bytes: Buffer): readonly string[] | undefined {
  const directory = directoryOf(bytes)
  if (!directory || directory.entries > entriesAtMost || !isAt(bytes, 0, 'PK\x03\x04')) return undefined
  const names = new Set<string>()
  let at = directory.begin
  for (let entry = 0; entry < directory.entries; entry += 1) {
    if (at + 46 > directory.end || !isAt(bytes, at, 'PK\x01\x02')) return undefined
    const isEncrypted = (bytes.readUInt16LE(at + 8) & 1) === 1
    const nameEnd = at + 46 + bytes.readUInt16LE(at + 28)
    const name = bytes.toString('utf8', at + 46, nameEnd)
    if (isEncrypted || names.has(name) || !isInside(name)) return undefined
    names.add(name)
    at = nameEnd + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  return at === directory.end ? [...names] : undefined
}

interface Directory {
  readonly entries: number
  readonly size: number
  readonly begin: number
  readonly end: number
}

/** Where the list stands: it ends where what points to it begins, and that ends with the file. */
function directoryOf(bytes: Buffer): Directory | undefined {
  const end = bytes.length - endBytes
  if (!isAt(bytes, end, 'PK\x05\x06') || bytes.readUInt16LE(end + 20) !== 0) return undefined
  const plain = {
    entries: bytes.readUInt16LE(end + 10),
    size: bytes.readUInt32LE(end + 12),
    begin: bytes.readUInt32LE(end + 16),
    end,
  }
  const directory = isAt(bytes, end - locatorBytes, 'PK\x06\x07') ? directory64Of(bytes, plain) : plain
  return directory && directory.begin + directory.size === directory.end && directory.begin >= 30
    ? directory
    : undefined
}

/** Of a large archive (ZIP64). Not all readers look there: `plain` has to say the same, or that it has no room for it. */
function directory64Of(bytes: Buffer, plain: Directory): Directory | undefined {
  const end = plain.end - locatorBytes - end64Bytes
  const large = (at: number) => Number(bytes.readBigUInt64LE(at))
  if (!isAt(bytes, end, 'PK\x06\x06') || large(plain.end - 12) !== end) return undefined
  const found = { entries: large(end + 32), size: large(end + 40), begin: large(end + 48), end }
  const agree =
    [found.entries, 0xffff].includes(plain.entries) &&
    [found.size, 0xffffffff].includes(plain.size) &&
    [found.begin, 0xffffffff].includes(plain.begin)
  return agree ? found : undefined
}

// oxlint-disable-next-line no-control-regex
const isInside = (name: string) => name !== '' && !/^\/|\\|[\x00-\x1F]|(?:^|\/)\.\.(?:\/|$)|\uFFFD/.test(name)

/** What the first file of an archive holds, if it has this name and is not packed: how OpenDocument says what it is. */
export function firstStoredFile(bytes: Buffer, name: string): string | undefined {
  const isPacked = bytes.readUInt16LE(8) !== 0
  const [size, nameBytes, extraBytes] = [
    bytes.readUInt32LE(18),
    bytes.readUInt16LE(26),
    bytes.readUInt16LE(28),
  ]
  if (isPacked || size > 255 || bytes.toString('latin1', 30, 30 + nameBytes) !== name) return undefined
  const begin = 30 + nameBytes + extraBytes
  return bytes.toString('latin1', begin, begin + size)
}
